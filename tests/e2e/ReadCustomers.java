// Reads the topic `customers` from its start, as anybody may who knows nothing of Onefold but its published records, with
// Kafka's own client, and prints what it holds then: id, version and name of each customer, parted by tabs, by id. A record
// without a value takes its customer away; one whose version is no greater than that of the last is stale.
//
//   java -cp 'target/kafka-4.1.1/*' tests/e2e/ReadCustomers.java localhost:9092 onefold.customers

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ReadCustomers {
    record Customer(long version, JsonNode view) {}

    public static void main(String[] args) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", args[0], "isolation.level", "read_committed", "enable.auto.commit", "false");
        Map<String, Customer> customers = new TreeMap<>();
        ObjectMapper json = new ObjectMapper();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(args[1]).stream()
                .map(p -> new TopicPartition(p.topic(), p.partition())).collect(Collectors.toList());
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    var header = record.headers().lastHeader("version").value();
                    long version = Long.parseLong(new String(header, StandardCharsets.UTF_8));
                    Customer last = customers.get(record.key());
                    if (last == null || last.version() < version) {
                        JsonNode view = record.value() == null ? null : json.readTree(record.value());
                        customers.put(record.key(), new Customer(version, view));
                    }
                }
            }
        }
        var out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        customers.forEach((id, customer) -> {
            if (customer.view() != null) {
                String name = customer.view().at("/profile/name/value").asText("");
                out.println(id + "\t" + customer.version() + "\t" + name);
            }
        });
    }
}
