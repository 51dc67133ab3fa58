#!/usr/bin/env bash
# cloudevents 2.2.0 (PyPI) and cloudevents 10.0.0 (npm), the CloudEvents SDKs for Python and for JavaScript.
# The HTTP binding (1.0.2, section 3.1.3.2) has header values percent-encoded. The SDK for Python encodes; the one for JavaScript
# neither decodes what it receives nor encodes what it sends. So one event has the subject `invoice:erp:发票/7` at its sender and
# `invoice:erp:%E5...` at its receiver, in binary mode alone: in structured mode both agree. The other way round Node.js refuses the
# header. A key that is taken from the subject then depends on the mode in which an event happened to come.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install cloudevents==2.2.0
"$dir/venv/bin/python" - >"$dir/sent.json" <<'END'
import json

from cloudevents.core.bindings import http
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

event = CloudEvent(
    attributes={
        "specversion": "1.0",
        "id": "1",
        "type": "finance.invoice_issued.v1",
        "source": "erp",
        "subject": "invoice:erp:发票/7",
        "datacontenttype": "application/json",
    },
    data={},
)
sent = {}
for mode, message in (("binary", http.to_binary(event, JSONFormat())), ("structured", http.to_structured(event, JSONFormat()))):
    sent[mode] = {"headers": message.headers, "body": message.body.decode()}
print(json.dumps(sent))
END
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" cloudevents@10.0.0 >/dev/null
cat >receive.js <<'END'
const http = require('http');
const { CloudEvent, HTTP } = require('cloudevents');
const sent = require('./sent.json');

const seen = {
    binary: HTTP.toEvent(sent.binary).subject,
    structured: HTTP.toEvent(sent.structured).subject,
};
const event = new CloudEvent({ id: '1', type: 'finance.invoice_issued.v1', source: 'erp', subject: 'invoice:erp:发票/7' });
try {
    http.request({ host: '127.0.0.1', port: 1, headers: HTTP.binary(event).headers }).on('error', () => {}).end();
    seen.sending = 'sent';
} catch (error) {
    seen.sending = error.code;
}
console.log(seen);
const expected = {
    binary: 'invoice:erp:%E5%8F%91%E7%A5%A8/7',
    structured: 'invoice:erp:发票/7',
    sending: 'ERR_INVALID_CHAR',
};
if (JSON.stringify(seen) !== JSON.stringify(expected)) {
    console.error('the SDKs no longer behave so');
    process.exit(1);
}
END
node receive.js
