// Sends and receives events with the CloudEvents SDK for JavaScript.
//
// send URL binary|structured|batch CASES.json   prints an answer per request
// receive PORT                                  prints its port, then a line per event
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { CloudEvent, HTTP } from "cloudevents";

const BATCH = "application/cloudevents-batch+json";

function tell(line) {
  process.stdout.write(JSON.stringify(line) + "\n");
}

function eventOf({ extensions, data, ...attributes }) {
  return new CloudEvent({ ...attributes, ...extensions, data: payloadOf(data) });
}

function payloadOf(data) {
  if (!data) return undefined;
  if ("base64" in data) return new Uint8Array(Buffer.from(data.base64, "base64"));
  return "text" in data ? data.text : data.json;
}

function messagesOf(mode, events) {
  if (mode === "binary") return events.map(HTTP.binary);
  if (mode === "structured") return events.map(HTTP.structured);
  return [{ headers: { "content-type": BATCH }, body: JSON.stringify(events) }];
}

async function send(url, mode, file) {
  const events = JSON.parse(await readFile(file, "utf8")).map(eventOf);
  for (const { headers, body } of messagesOf(mode, events)) {
    try {
      const response = await fetch(url, { method: "POST", headers, body });
      const error = response.ok ? undefined : await response.text();
      tell({ status: response.status, error });
    } catch (error) {
      tell({ error: String(error) });
    }
  }
}

// The SDK takes text as a string, and everything else as bytes.
function bodyOf(headers, bytes) {
  return /json|text/.test(headers["content-type"]) ? bytes.toString() : bytes;
}

function shown(event) {
  // Bytes that came as base64 are a `Uint32Array` in `data`.
  if (event.data_base64) return { base64: event.data_base64 };
  if (event.data === undefined || event.data.length === 0) return null;
  return /json/.test(event.datacontenttype ?? "json") ? { json: event.data } : { text: event.data };
}

function show(path, event) {
  const { id, source, type, subject, time, dataschema, datacontenttype, ...rest } = event;
  const { specversion, data, data_base64, datacontentencoding, schemaurl, ...extensions } = rest;
  tell({ path, id, source, type, subject, time, dataschema, datacontenttype, extensions, data: shown(event) });
}

function receive(port) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const body = bodyOf(request.headers, Buffer.concat(chunks));
      try {
        show(request.url, HTTP.toEvent({ headers: request.headers, body }));
        response.writeHead(204).end();
      } catch (error) {
        response.writeHead(400).end(String(error));
      }
    });
  });
  server.listen(Number(port), "127.0.0.1", () => tell({ port: server.address().port }));
}

const [command, ...rest] = process.argv.slice(2);
if (command === "send" && rest.length === 3) await send(...rest);
else if (command === "receive" && rest.length === 1) receive(...rest);
else throw new Error("usage: send URL MODE CASES.json | receive PORT");
