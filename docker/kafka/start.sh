#!/bin/sh
# Formats the volume at its first use, and becomes the broker.
set -eu
kafka() {
  java -Xmx64m -cp '/opt/kafka/libs/*' kafka.tools.StorageTool "$@"
}
[ -e /data/log/meta.properties ] || kafka format -t "$(kafka random-uuid)" -c /etc/rapport/server.properties
exec java -Xms512m -Xmx512m -XX:+UseG1GC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
  -cp '/opt/kafka/libs/*' kafka.Kafka /etc/rapport/server.properties
