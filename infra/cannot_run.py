"""What the command line tells its user in one sentence, where anything else is a bug and ends in a traceback.

CannotRun
├── AddressUnusable      address.py
├── BenchFailed          bench/processes.py
├── BrokersUnavailable   kafka_brokers.py
├── EmbeddedUnavailable  embedded_binaries.py
├── KafkaUnreachable     kafka.py
├── KeyUnusable          key_file.py
├── NotParked            parked.py
├── NotPermits           permit_file.py
├── PartEnded            parts.py
├── RedisUnusable        redis.py
├── RebuildRefused       rebuilding.py
├── RoleRefused          postgres.py
├── SchemaMismatch       migrate.py
├── StartFailed          serve.py
├── TooMuchParked        projecting.py
└── UnknownProjection    projecting.py
"""


class CannotRun(Exception):
    """What was asked for cannot be done here; the message is for the person at the terminal, who can mend it."""
