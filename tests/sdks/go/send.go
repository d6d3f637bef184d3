package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// An Answer is what the sender learnt.
type Answer struct {
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`
}

func send(url, mode, file string) error {
	events, err := readCases(file)
	if err != nil {
		return err
	}
	if mode == "batch" {
		return sendBatch(url, events)
	}
	client, err := cloudevents.NewClientHTTP()
	if err != nil {
		return err
	}
	ctx := cloudevents.ContextWithTarget(context.Background(), url)
	if mode == "structured" {
		ctx = cloudevents.WithEncodingStructured(ctx)
	} else {
		ctx = cloudevents.WithEncodingBinary(ctx)
	}
	for _, event := range events {
		if err := tell(answer(client.Send(ctx, event))); err != nil {
			return err
		}
	}
	return nil
}

func answer(result cloudevents.Result) Answer {
	var status *cehttp.Result
	if !errors.As(result, &status) {
		return Answer{Error: fmt.Sprint(result)}
	}
	if cloudevents.IsACK(result) {
		return Answer{Status: status.StatusCode}
	}
	return Answer{Status: status.StatusCode, Error: result.Error()}
}

func sendBatch(url string, events []cloudevents.Event) error {
	request, err := cehttp.NewHTTPRequestFromEvents(context.Background(), url, events)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return tell(Answer{Status: response.StatusCode})
}

func tell(line any) error {
	return json.NewEncoder(os.Stdout).Encode(line)
}
