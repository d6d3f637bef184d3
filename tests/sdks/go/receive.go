package main

import (
	"context"
	"net"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// Received is an event as the SDK shows it.
type Received struct {
	Path            string         `json:"path"`
	ID              string         `json:"id"`
	Source          string         `json:"source"`
	Type            string         `json:"type"`
	Subject         string         `json:"subject,omitempty"`
	Time            string         `json:"time,omitempty"`
	DataSchema      string         `json:"dataschema,omitempty"`
	DataContentType string         `json:"datacontenttype,omitempty"`
	Extensions      map[string]any `json:"extensions"`
	Data            *Bytes         `json:"data"`
}

// Bytes is the payload: this SDK hands it out as it came.
type Bytes struct {
	Base64 []byte `json:"base64"`
}

func receive(port string) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return err
	}
	client, err := cloudevents.NewClientHTTP(
		cehttp.WithListener(listener), cehttp.WithRequestDataAtContextMiddleware())
	if err != nil {
		return err
	}
	if err := tell(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port}); err != nil {
		return err
	}
	return client.StartReceiver(context.Background(), received)
}

func received(ctx context.Context, event cloudevents.Event) error {
	line := Received{
		Path:            cehttp.RequestDataFromContext(ctx).URL.Path,
		ID:              event.ID(),
		Source:          event.Source(),
		Type:            event.Type(),
		Subject:         event.Subject(),
		DataSchema:      event.DataSchema(),
		DataContentType: event.DataContentType(),
		Extensions:      event.Extensions(),
	}
	if !event.Time().IsZero() {
		line.Time = event.Time().Format(time.RFC3339Nano)
	}
	if line.Extensions == nil {
		line.Extensions = map[string]any{}
	}
	if data := event.Data(); len(data) > 0 {
		line.Data = &Bytes{data}
	}
	return tell(line)
}
