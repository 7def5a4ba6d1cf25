package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SaveWordPiece writes a vocabulary as vocab.txt, one token a line, for LoadWordPiece. It is NewWordPiece's argument
// and must be valid there.
func SaveWordPiece(vocabFile string, vocab []string) error {
	if _, err := NewWordPiece(vocab); err != nil {
		return fmt.Errorf("write WordPiece vocabulary %s: %w", vocabFile, err)
	}
	for i, token := range vocab {
		if strings.ContainsAny(token, "\r\n") {
			return fmt.Errorf("write WordPiece vocabulary %s: token %d is %q, which a line cannot hold", vocabFile, i, token)
		}
	}
	return writeFile(vocabFile, []byte(strings.Join(vocab, "\n")+"\n"))
}

// SaveBPE writes vocab.json, sorted by id, and merges.txt for LoadBPE. They are NewBPE's arguments and must be valid
// there.
func SaveBPE(vocabJSON, mergesTxt string, vocab map[string]int, merges []string) error {
	b, err := NewBPE(vocab, merges)
	if err != nil {
		return fmt.Errorf("write BPE vocabulary %s: %w", vocabJSON, err)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	for id, token := range b.symbols {
		out.WriteByte("{,"[min(id, 1)])
		if err := enc.Encode(token); err != nil {
			return fmt.Errorf("write BPE vocabulary %s: token %q: %w", vocabJSON, token, err)
		}
		out.Truncate(out.Len() - 1) // Encode ends the line
		fmt.Fprintf(&out, ": %d", id)
	}
	out.WriteString("}\n")
	if err := writeFile(vocabJSON, out.Bytes()); err != nil {
		return err
	}
	var list strings.Builder
	list.WriteString("#version: 0.2\n")
	for _, m := range merges {
		list.WriteString(m + "\n")
	}
	return writeFile(mergesTxt, []byte(list.String()))
}

// writeFile writes under a temporary name in the same folder, syncs and renames, so that no half-written vocabulary
// is left under its name.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Chmod(0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
