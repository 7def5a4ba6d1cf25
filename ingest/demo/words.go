package demo

import (
	"fmt"

	"plip/ingest/demo/wording"
)

// Synonyms returns the committed words that mean the same, base words first.
func Synonyms() ([]wording.Entry, error) {
	t, err := wording.Synonyms()
	if err != nil {
		return nil, err
	}
	return t.Entries(), nil
}

// Canonical rewrites an attribute phrase in base words and in one order. Two phrases are the same up to the committed synonyms if and
// only if their canonical forms are equal: "a pair of grey denim pants" and "gray jeans" are.
func Canonical(phrase string) string {
	t, err := wording.Synonyms()
	if err != nil { // the table is embedded, and tested to parse
		panic(fmt.Sprintf("demo: internal error: %v", err))
	}
	return t.Canonical(phrase)
}
