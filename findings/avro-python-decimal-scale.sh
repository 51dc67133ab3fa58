#!/usr/bin/env bash
# avro 1.12.2 (PyPI, Apache Avro for Python), read with itself and with fastavro 1.13.1.
# A decimal whose own scale is less than the schema's is written with its own digits and read with the schema's scale: 1.5 becomes
# 0.15, 100 becomes 1.00, and nothing is raised. Avro 1.12, "Decimal": the bytes are the unscaled number at the scale of the schema.
# Amounts that come from a database column or a calculation rarely bear the schema's scale, so a topic holds wrong ones.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install avro==1.12.2 fastavro==1.13.1
"$dir/venv/bin/python" - <<'END'
import io
import json
import sys
from decimal import Decimal

import avro.io
import avro.schema
import fastavro

SCHEMA = {
    "type": "record",
    "name": "Payment",
    "fields": [
        {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}},
    ],
}
theirs, other = avro.schema.parse(json.dumps(SCHEMA)), fastavro.parse_schema(SCHEMA)


def through(amount):
    """The amount as it comes back: written by avro, read by avro and by fastavro; and written by fastavro."""
    out = io.BytesIO()
    avro.io.DatumWriter(theirs).write({"amount": amount}, avro.io.BinaryEncoder(out))
    by_avro = avro.io.DatumReader(theirs).read(avro.io.BinaryDecoder(io.BytesIO(out.getvalue())))
    by_fastavro = fastavro.schemaless_reader(io.BytesIO(out.getvalue()), other, None)
    out = io.BytesIO()
    fastavro.schemaless_writer(out, other, {"amount": amount})
    written_right = fastavro.schemaless_reader(io.BytesIO(out.getvalue()), other, None)
    return by_avro["amount"], by_fastavro["amount"], written_right["amount"]


EXPECTED = {"1.50": "1.50", "1.5": "0.15", "100": "1.00", "-0.5": "-0.05", "1E+2": "0.01"}
same = True
for text, wrong in EXPECTED.items():
    by_avro, by_fastavro, right = through(Decimal(text))
    print(f"{text:>5} written by avro: avro reads {by_avro}, fastavro reads {by_fastavro}; written by fastavro: {right}")
    same &= by_avro == by_fastavro == Decimal(wrong) and right == Decimal(text)
sys.exit(0 if same else "avro no longer behaves so")
END
