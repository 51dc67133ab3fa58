#!/usr/bin/env bash
# babel 2.19.0 (PyPI), and `Intl.NumberFormat` of Node.js (seen with 20.20.2, ICU 78.2, CLDR 48).
# Both take the digits of a currency from CLDR, which tells what is usual in cash, and not from ISO 4217, which tells what an
# amount may hold, though ECMA-402 asks `Intl` for those of ISO 4217. 1.234 dinars of Iraq (three digits) become 1, 1234.56 forints
# (two) become 1,235.
# Whoever turns minor units into amounts with these figures is wrong by a factor of 100 or 1,000; whoever prints with them rounds.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install babel==2.19.0
"$dir/venv/bin/python" - >"$dir/babel.json" <<'END'
import json
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision

codes = ["IQD", "HUF", "COP", "MGA", "YER", "LBP", "JOD", "EUR"]
print(json.dumps({
    "digits": {code: get_currency_precision(code) for code in codes},
    "shown": [format_currency(Decimal("1.234"), "IQD", locale="en"), format_currency(Decimal("1234.56"), "HUF", locale="en")],
}))
END
cd "$dir"
cat >compare.js <<'END'
const babel = require('./babel.json');

// The list of ISO 4217, column "minor unit".
const iso = { IQD: 3, HUF: 2, COP: 2, MGA: 2, YER: 2, LBP: 2, JOD: 3, EUR: 2 };
const wrong = { babel: [], intl: [] };
for (const [currency, digits] of Object.entries(iso)) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    const intl = format.resolvedOptions().maximumFractionDigits;
    console.log(`${currency}: ISO 4217 ${digits}, babel ${babel.digits[currency]}, Intl ${intl}`);
    if (babel.digits[currency] !== digits) wrong.babel.push(currency);
    if (intl !== digits) wrong.intl.push(currency);
}
console.log(`babel shows ${babel.shown.join(' and ')} for 1.234 IQD and 1234.56 HUF`);
const less = ['IQD', 'HUF', 'COP', 'MGA', 'YER', 'LBP'];
const same = less.every((currency) => wrong.babel.includes(currency) && wrong.intl.includes(currency));
if (!same || !babel.shown[0].endsWith('1') || !babel.shown[1].endsWith('1,235')) {
    console.error('they no longer behave so');
    process.exit(1);
}
END
node compare.js
