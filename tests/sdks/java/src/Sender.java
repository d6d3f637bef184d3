import io.cloudevents.CloudEvent;
import io.cloudevents.core.format.EventFormat;
import io.cloudevents.core.message.MessageWriter;
import io.cloudevents.core.provider.EventFormatProvider;
import io.cloudevents.http.HttpMessageFactory;
import io.cloudevents.jackson.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;

/** Posts events and prints the answers. */
final class Sender {
    private static final String BATCH = "application/cloudevents-batch+json";

    private final EventFormat json = EventFormatProvider.getInstance().resolveFormat(JsonFormat.CONTENT_TYPE);
    private final HttpClient client = HttpClient.newHttpClient();
    private final URI url;

    Sender(String url) {
        this.url = URI.create(url);
    }

    void send(String mode, List<CloudEvent> events) throws Exception {
        if (mode.equals("batch")) {
            HttpRequest.Builder request = HttpRequest.newBuilder(url).header("Content-Type", BATCH);
            post(request.POST(BodyPublishers.ofByteArray(array(events))).build());
            return;
        }
        for (CloudEvent event : events) {
            try {
                post(request(mode, event));
            } catch (IllegalArgumentException error) {
                Receiver.tell(Map.of("error", error.toString()));
            }
        }
    }

    private HttpRequest request(String mode, CloudEvent event) {
        HttpRequest.Builder request = HttpRequest.newBuilder(url);
        MessageWriter<?, ?> writer = HttpMessageFactory.createWriter(request::header, body ->
            request.POST(body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body)));
        if (mode.equals("binary")) {
            writer.writeBinary(event);
        } else {
            writer.writeStructured(event, JsonFormat.CONTENT_TYPE);
        }
        return request.build();
    }

    private byte[] array(List<CloudEvent> events) throws IOException {
        ByteArrayOutputStream array = new ByteArrayOutputStream();
        String before = "[";
        for (CloudEvent event : events) {
            array.write(before.getBytes());
            array.write(json.serialize(event));
            before = ",";
        }
        array.write(']');
        return array.toByteArray();
    }

    private void post(HttpRequest request) throws Exception {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        if (response.statusCode() / 100 == 2) {
            Receiver.tell(Map.of("status", response.statusCode()));
        } else {
            Receiver.tell(Map.of("status", response.statusCode(), "error", response.body()));
        }
    }
}
