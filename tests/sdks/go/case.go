package main

import (
	"encoding/json"
	"os"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
)

// A Case is an event as the test writes it down.
type Case struct {
	ID              string         `json:"id"`
	Source          string         `json:"source"`
	Type            string         `json:"type"`
	Subject         string         `json:"subject"`
	Time            *time.Time     `json:"time"`
	DataSchema      string         `json:"dataschema"`
	DataContentType string         `json:"datacontenttype"`
	Extensions      map[string]any `json:"extensions"`
	Data            *Data          `json:"data"`
}

// Data is one of three.
type Data struct {
	JSON   any     `json:"json"`
	Text   *string `json:"text"`
	Base64 []byte  `json:"base64"`
}

func readCases(file string) ([]cloudevents.Event, error) {
	reader, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	decoder := json.NewDecoder(reader)
	decoder.UseNumber()
	var cases []Case
	if err := decoder.Decode(&cases); err != nil {
		return nil, err
	}
	events := make([]cloudevents.Event, len(cases))
	for i, c := range cases {
		if events[i], err = c.event(); err != nil {
			return nil, err
		}
	}
	return events, nil
}

func (c Case) event() (cloudevents.Event, error) {
	event := cloudevents.NewEvent()
	event.SetID(c.ID)
	event.SetSource(c.Source)
	event.SetType(c.Type)
	if c.Subject != "" {
		event.SetSubject(c.Subject)
	}
	if c.Time != nil {
		event.SetTime(*c.Time)
	}
	if c.DataSchema != "" {
		event.SetDataSchema(c.DataSchema)
	}
	for name, value := range c.Extensions {
		if number, ok := value.(json.Number); ok {
			integer, err := number.Int64()
			if err != nil {
				return event, err
			}
			value = integer
		}
		event.SetExtension(name, value)
	}
	return event, c.fill(&event)
}

func (c Case) fill(event *cloudevents.Event) error {
	switch {
	case c.Data == nil:
		if c.DataContentType != "" {
			event.SetDataContentType(c.DataContentType)
		}
		return nil
	case c.Data.Text != nil:
		return event.SetData(c.DataContentType, *c.Data.Text)
	case c.Data.Base64 != nil:
		return event.SetData(c.DataContentType, c.Data.Base64)
	default:
		return event.SetData(c.DataContentType, c.Data.JSON)
	}
}
