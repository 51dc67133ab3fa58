// Checks a pack of evidence without Onefold: go run . FILE VKEY. Exit code 0: every proof holds, 4: one does not, 1: not a pack.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type checkpoint struct {
	size, subjects     uint64
	root, subjectsRoot []byte
}

type subject struct {
	Subject   string
	Partition uint32
	Count     uint64
	Running   string
	Index     uint64
	Path      []string
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "not a pack:", err)
		os.Exit(1)
	}
	return value
}

func wrong(format string, about ...any) {
	fmt.Printf("NOT AS SEALED: "+format+"\n", about...)
	os.Exit(4)
}

// The key of the record in a leaf.
func keyOf(leaf []byte) string {
	if len(leaf) < 13 || leaf[0] != 1 {
		wrong("a leaf of another layout")
	}
	length := int(binary.BigEndian.Uint32(leaf[9:13]))
	if len(leaf) < 13+length {
		wrong("a leaf that is cut")
	}
	return string(leaf[13 : 13+length])
}

func openCheckpoint(text []byte, verifier note.Verifier, partition string) checkpoint {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		wrong("the checkpoint of partition %s: %v", partition, err)
	}
	lines := strings.Split(opened.Text, "\n")
	of := strings.Fields(lines[3])
	if lines[0] != verifier.Name()+"/"+partition || len(of) != 3 || of[0] != "subjects" {
		wrong("the checkpoint of partition %s is of %s", partition, lines[0])
	}
	return checkpoint{
		size:         must(strconv.ParseUint(lines[1], 10, 64)),
		root:         must(base64.StdEncoding.DecodeString(lines[2])),
		subjects:     must(strconv.ParseUint(of[1], 10, 64)),
		subjectsRoot: must(base64.StdEncoding.DecodeString(of[2])),
	}
}

func main() {
	verifier := must(note.NewVerifier(os.Args[2]))
	reader := must(zip.OpenReader(os.Args[1]))
	files := map[string][]byte{}
	var names []string
	for _, file := range reader.File {
		content := must(file.Open())
		files[file.Name] = must(io.ReadAll(content))
		names = append(names, file.Name)
	}
	sort.Strings(names)
	checkpoints := map[string]checkpoint{}
	// Leaf hashes of each subject, in the order of the offsets: names have them with leading zeros.
	found := map[string][][]byte{}
	records := 0
	for _, name := range names {
		place, isLeaf := strings.CutPrefix(name, "leaves/")
		if !isLeaf {
			continue
		}
		place = strings.TrimSuffix(place, ".leaf")
		partition, offset, _ := strings.Cut(place, "-")
		at := must(strconv.ParseUint(offset, 10, 64))
		head, signed, _ := strings.Cut(string(files["proofs/"+place+".tlog-proof"]), "\n\n")
		lines := strings.Split(head, "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", at) {
			wrong("%s: its proof is of another place", name)
		}
		if _, known := checkpoints[partition]; !known {
			checkpoints[partition] = openCheckpoint(files["checkpoints/"+partition+".checkpoint"], verifier, partition)
		}
		if signed != string(files["checkpoints/"+partition+".checkpoint"]) {
			wrong("%s: its proof is of another checkpoint", name)
		}
		var path [][]byte
		for _, line := range lines[2:] {
			path = append(path, must(base64.StdEncoding.DecodeString(line)))
		}
		hash := rfc6962.DefaultHasher.HashLeaf(files[name])
		of := checkpoints[partition]
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, at, of.size, hash, path, of.root); err != nil {
			wrong("%s: %v", name, err)
		}
		key := partition + " " + keyOf(files[name])
		found[key] = append(found[key], hash)
		records++
	}
	var subjects []subject
	must(0, json.Unmarshal(files["subjects.json"], &subjects))
	for _, of := range subjects {
		partition := strconv.Itoa(int(of.Partition))
		sealed, known := checkpoints[partition]
		if !known {
			wrong("%s: no record of its partition is here", of.Subject)
		}
		running := make([]byte, 32)
		for _, hash := range found[partition+" "+of.Subject] {
			step := sha256.Sum256(bytes.Join([][]byte{{2}, running, hash}, nil))
			running = step[:]
		}
		count := uint64(len(found[partition+" "+of.Subject]))
		if count != of.Count || hex.EncodeToString(running) != of.Running {
			wrong("%s: %d records were sealed, %d are here", of.Subject, of.Count, count)
		}
		delete(found, partition+" "+of.Subject)
		key := sha256.Sum256([]byte(of.Subject))
		leaf := bytes.Join([][]byte{{1}, key[:], binary.BigEndian.AppendUint64(nil, count), running}, nil)
		var path [][]byte
		for _, text := range of.Path {
			path = append(path, must(hex.DecodeString(text)))
		}
		hash := rfc6962.DefaultHasher.HashLeaf(leaf)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, of.Index, sealed.subjects, hash, path, sealed.subjectsRoot); err != nil {
			wrong("%s: %v", of.Subject, err)
		}
	}
	if len(found) > 0 {
		wrong("records of %d subjects that subjects.json does not name", len(found))
	}
	fmt.Printf("%d records of %d subjects\n", records, len(subjects))
}
