import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.CloudEvent;
import io.cloudevents.CloudEventData;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.jackson.JsonCloudEventData;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** Events as the test writes them down. */
final class Cases {
    static final ObjectMapper JSON = new ObjectMapper();

    static List<CloudEvent> read(String file) throws IOException {
        List<CloudEvent> events = new ArrayList<>();
        for (JsonNode node : JSON.readTree(new File(file))) {
            events.add(event(node));
        }
        return events;
    }

    private static CloudEvent event(JsonNode node) throws IOException {
        CloudEventBuilder builder = CloudEventBuilder.v1()
            .withId(node.get("id").textValue())
            .withSource(URI.create(node.get("source").textValue()))
            .withType(node.get("type").textValue());
        if (node.has("subject")) {
            builder.withSubject(node.get("subject").textValue());
        }
        if (node.has("time")) {
            builder.withTime(OffsetDateTime.parse(node.get("time").textValue()));
        }
        if (node.has("dataschema")) {
            builder.withDataSchema(URI.create(node.get("dataschema").textValue()));
        }
        if (node.has("datacontenttype")) {
            builder.withDataContentType(node.get("datacontenttype").textValue());
        }
        node.path("extensions").fields().forEachRemaining(e -> extend(builder, e.getKey(), e.getValue()));
        if (node.hasNonNull("data")) {
            builder.withData(data(node.get("data")));
        }
        return builder.build();
    }

    private static void extend(CloudEventBuilder builder, String name, JsonNode value) {
        if (value.isInt()) {
            builder.withExtension(name, value.intValue());
        } else if (value.isBoolean()) {
            builder.withExtension(name, value.booleanValue());
        } else {
            builder.withExtension(name, value.textValue());
        }
    }

    private static CloudEventData data(JsonNode data) throws IOException {
        if (data.has("base64")) {
            return BytesCloudEventData.wrap(data.get("base64").binaryValue());
        }
        if (data.has("text")) {
            return BytesCloudEventData.wrap(data.get("text").textValue().getBytes(StandardCharsets.UTF_8));
        }
        return JsonCloudEventData.wrap(data.get("json"));
    }
}
