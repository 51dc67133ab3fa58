#!/usr/bin/env bash
# epcis-event-hash-generator 1.9.3 (PyPI), the reference implementation of the canonical event hash of EPCIS 2.0 (Core Business
# Vocabulary 2.0, section 8.9), by which an event without an id is known.
# The hash leaves the error declaration out: an event that says that 100 kg were received, and the later statement about it that this
# did not occur, have one and the same id; so have two that give different reasons and name different corrections. Whoever drops as
# a duplicate what has a known hash never hears that the goods did not come. What the hash does tell apart is the offset of the zone
# in which the one instant was written, so that two systems that report one event in their own zones report two.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install epcis-event-hash-generator==1.9.3
"$dir/venv/bin/python" - <<'END'
import json
import sys

from epcis_event_hash_generator import hash_generator, json_to_py


def hash_of(**members):
    event = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-04T11:00:30.000Z",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.A7", "quantity": 100, "uom": "KGM"}],
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00002.0"},
    }
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-05T00:00:00Z",
        "epcisBody": {"eventList": [event | members]},
    }
    events = json_to_py.event_list_from_epcis_document_str(json.dumps(document))
    return hash_generator.epcis_hashes_from_events(events)[0]


def declared(reason, *corrections):
    return {"declarationTime": "2026-03-06T00:00:00Z", "reason": reason, "correctiveEventIDs": list(corrections)}


event = hash_of()
seen = {
    "the event": event,
    "it did not occur": hash_of(errorDeclaration=declared("did_not_occur")),
    "its data were wrong, and another event is right": hash_of(
        errorDeclaration=declared("incorrect_data", "urn:uuid:7f3a1f10-0000-4000-8000-000000000001")
    ),
    "the same instant, written with another offset": hash_of(eventTimeZoneOffset="+02:00"),
    "90 kg": hash_of(
        quantityList=[{"epcClass": "urn:epc:class:lgtin:4012345.012345.A7", "quantity": 90, "uom": "KGM"}]
    ),
}
for what, digest in seen.items():
    print(f"{digest[17:33]}  {'same' if digest == event else 'another'}  {what}")
same = [digest == event for digest in seen.values()]
sys.exit(0 if same == [True, True, True, False, False] else "epcis-event-hash-generator no longer behaves so")
END
