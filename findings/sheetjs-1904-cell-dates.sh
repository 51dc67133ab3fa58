#!/usr/bin/env bash
# xlsx 0.18.5 (npm, SheetJS), read with a workbook that openpyxl 3.1.5 (PyPI) writes, and against exceljs 4.4.0 (npm).
# A workbook says in which system its days are counted; spreadsheets that began on a Mac count from 1904. With `cellDates: true`
# the cells are dates four years and a day early, and so is `sheet_to_json`, while `sheet_to_csv` of the same sheet, and JSON without
# `cellDates`, show the right day. A due date of 2026 is then one of 2022: everything is overdue. exceljs and openpyxl read it right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" -q --disable-pip-version-check install openpyxl==3.1.5
"$dir/venv/bin/python" - "$dir/book.xlsx" <<'END'
import datetime
import sys

import openpyxl
from openpyxl.utils.datetime import CALENDAR_MAC_1904

book = openpyxl.Workbook()
book.epoch = CALENDAR_MAC_1904
book.active.append(["due"])
book.active.append([datetime.date(2026, 3, 1)])
book.save(sys.argv[1])
END
cd "$dir"
npm install --silent --no-audit --no-fund --prefix "$dir" xlsx@0.18.5 exceljs@4.4.0 >/dev/null
cat >read.js <<'END'
const xlsx = require('xlsx');
const exceljs = require('exceljs');

(async () => {
    const read = (options) => {
        const book = xlsx.readFile('book.xlsx', options);
        return book.Sheets[book.SheetNames[0]];
    };
    const dates = read({ cellDates: true });
    const other = new exceljs.Workbook();
    await other.xlsx.readFile('book.xlsx');
    const seen = {
        'sheet_to_json, cellDates': xlsx.utils.sheet_to_json(dates)[0].due.toISOString().slice(0, 10),
        'sheet_to_csv, the same sheet': xlsx.utils.sheet_to_csv(dates).split('\n')[1],
        'sheet_to_json, formatted': xlsx.utils.sheet_to_json(read({ dateNF: 'yyyy-mm-dd' }), { raw: false })[0].due,
        'exceljs': other.worksheets[0].getCell('A2').value.toISOString().slice(0, 10),
    };
    console.log(seen);
    const expected = ['2022-02-28', '2026-03-01', '2026-03-01', '2026-03-01'];
    if (JSON.stringify(Object.values(seen)) !== JSON.stringify(expected)) {
        console.error('xlsx no longer behaves so');
        process.exit(1);
    }
})();
END
TZ=UTC node read.js
