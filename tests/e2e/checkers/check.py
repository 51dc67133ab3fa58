"""Checks a pack of evidence without Onefold: check.py FILE VKEY, with the package `cryptography` for Ed25519 alone.

Exit code 0: every proof holds, 4: one does not, 1: not a pack.
"""

import base64
import hashlib
import json
import sys
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class NotAsSealed(Exception):
    """What does not hold."""


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def included(leaf, index, size, path, root):
    """RFC 9162, 2.1.3.2."""
    if index >= size:
        return False
    node, last = index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            leaf = sha(b"\x01", sibling, leaf)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            leaf = sha(b"\x01", leaf, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and leaf == root


def open_checkpoint(note, vkey, partition):
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key)
    expected = sha(name.encode(), b"\n", key)[:4]
    if key[0] != 1 or expected.hex() != key_id:
        raise SystemExit("not a public key")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    signed = False
    for line in signatures.splitlines():
        _, signer, value = line.split(" ")
        value = base64.b64decode(value)
        if signer == name and value[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(value[4:], text.encode())
            except InvalidSignature:
                raise NotAsSealed(f"the signature of partition {partition}") from None
            signed = True
    origin, size, root, subjects = text.splitlines()
    _, count, subjects_root = subjects.split(" ")
    if not signed or origin != f"{name}/{partition}":
        raise NotAsSealed(f"the checkpoint of partition {partition}")
    return int(size), base64.b64decode(root), int(count), base64.b64decode(subjects_root)


def check(path, vkey):
    pack = zipfile.ZipFile(path)
    files = {name: pack.read(name) for name in pack.namelist()}
    checkpoints, found, records = {}, {}, 0
    for name in sorted(name for name in files if name.startswith("checkpoints/")):
        partition = name.removeprefix("checkpoints/").removesuffix(".checkpoint")
        checkpoints[partition] = open_checkpoint(files[name].decode(), vkey, partition)
    for name in sorted(name for name in files if name.startswith("leaves/")):
        place, leaf = name.removeprefix("leaves/").removesuffix(".leaf"), files[name]
        partition, offset = place.split("-")
        head, _, note = files[f"proofs/{place}.tlog-proof"].decode().partition("\n\n")
        first, index, *proof = head.split("\n")
        if (first, index) != ("c2sp.org/tlog-proof@v1", f"index {int(offset)}"):
            raise NotAsSealed(name)
        if note.encode() != files[f"checkpoints/{partition}.checkpoint"]:
            raise NotAsSealed(name)
        size, root, _, _ = checkpoints[partition]
        leaf_hash = sha(b"\x00", leaf)
        if not included(leaf_hash, int(offset), size, [base64.b64decode(line) for line in proof], root):
            raise NotAsSealed(name)
        length = int.from_bytes(leaf[9:13], "big")
        found.setdefault((partition, leaf[13 : 13 + length].decode()), []).append(leaf_hash)
        records += 1
    subjects = json.loads(files["subjects.json"])
    for of in subjects:
        partition = str(of["partition"])
        _, _, count, root = checkpoints[partition]
        hashes, running = found.pop((partition, of["subject"]), []), bytes(32)
        for leaf_hash in hashes:
            running = sha(b"\x02", running, leaf_hash)
        if (len(hashes), running.hex()) != (of["count"], of["running"]):
            raise NotAsSealed(f"{of['subject']}: {of['count']} records were sealed, {len(hashes)} are here")
        key = hashlib.sha256(of["subject"].encode()).digest()
        leaf_hash = sha(b"\x00\x01", key, len(hashes).to_bytes(8, "big"), running)
        if not included(leaf_hash, of["index"], count, [bytes.fromhex(text) for text in of["path"]], root):
            raise NotAsSealed(of["subject"])
    if found:
        raise NotAsSealed(f"records of {len(found)} subjects that subjects.json does not name")
    print(f"{records} records of {len(subjects)} subjects")


if __name__ == "__main__":
    try:
        check(sys.argv[1], sys.argv[2])
    except NotAsSealed as error:
        print(f"NOT AS SEALED: {error}")
        sys.exit(4)
