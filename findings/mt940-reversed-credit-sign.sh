#!/usr/bin/env bash
# mt-940 5.1.1 (PyPI), the parser of bank statements (SWIFT MT940) for Python.
# Field 61 marks an entry with C, D, RC (reversal of a credit) or RD (reversal of a debit). Only D gives a negative amount: of a
# reversed credit, which takes the money away again, the amount is positive, as if it had been received twice. In a statement
# whose opening and closing balances are equal, the amounts add up to 200 instead of 0. A returned direct debit or a recalled
# transfer is such an entry; a ledger that adds up amounts is then wrong by twice the sum, and no balance is checked.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install mt-940==5.1.1
"$dir/venv/bin/python" - <<'END'
import sys

import mt940

STATEMENT = """
:20:STATEMENT
:25:10020030/1234567
:28C:1/1
:60F:C260301EUR1000,00
:61:2603020302C100,00NTRFNONREF
:86:a credit
:61:2603030303RC100,00NTRFNONREF
:86:the credit reversed
:61:2603040304D50,00NTRFNONREF
:86:a debit
:61:2603050305RD50,00NTRFNONREF
:86:the debit reversed
:62F:C260305EUR1000,00
-
"""
read = mt940.parse(STATEMENT)
seen = {entry.data["status"]: str(entry.data["amount"].amount) for entry in read}
total = sum(entry.data["amount"].amount for entry in read)
for mark, amount in seen.items():
    print(f"{mark:>2}: {amount}")
print(f"opening {read.data['final_opening_balance']}, closing {read.data['final_closing_balance']}, entries add up to {total}")
expected = {"C": "100.00", "RC": "100.00", "D": "-50.00", "RD": "50.00"}
sys.exit(0 if seen == expected and total == 200 else "mt-940 no longer behaves so")
END
