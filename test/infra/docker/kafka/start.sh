#!/bin/sh
# PORT: where clients on the host reach it, the same number inside and out. HOST: its name for other containers (port 9094).
# HEAP: the Java heap. TIER: 1 starts fast, 4 runs fast.
set -e
sed -e "s/@PORT@/${PORT:-9092}/g" -e "s/@HOST@/${HOST:-localhost}/g" /opt/kafka/server.properties >/tmp/server.properties
java_options="-XX:+UseSerialGC -XX:TieredStopAtLevel=${TIER:-1} -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info"
java -Xmx64m $java_options -cp '/opt/kafka/libs/*' kafka.tools.StorageTool format --ignore-formatted \
  -t "${CLUSTER_ID:-cmFwcG9ydC10ZXN0LTAwMQ}" -c /tmp/server.properties
exec java -Xmx"${HEAP:-256m}" $java_options -cp '/opt/kafka/libs/*' kafka.Kafka /tmp/server.properties
