package templates

import (
	"encoding/binary"
	"hash/fnv"
)

// PromptCaption returns the prompt caption of an image: a sentence for the attributes that
// are known, filled with them. Which one depends on seed, identity and file path alone, so
// it is the same whatever the sharding.
//
// It is "" when neither the upper nor the lower garment is known, for which there are no
// sentences (the distribution strategy drops such images), and when attributes are not six.
func (l *Library) PromptCaption(attributes []string, seed, id int64, filePath string) string {
	if len(attributes) != 6 {
		return ""
	}
	six := [6]string(attributes)
	gender := Neutral
	if known(six[0]) {
		gender = l.nouns.gender(bare(six[0]))
	}
	tpl, ok := l.Pick(Known(six), gender, promptKey(seed, id, filePath))
	if !ok {
		return ""
	}
	text, err := l.Fill(tpl, six)
	if err != nil { // a value of nothing but commas and determiners
		return ""
	}
	return text
}

// promptKey hashes what names an image within a run.
func promptKey(seed, id int64, filePath string) uint64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], uint64(seed))
	binary.LittleEndian.PutUint64(b[8:], uint64(id))
	h.Write(b[:])
	h.Write([]byte(filePath))
	return finish(h.Sum64())
}

// hashStrings hashes strings with a border between them.
func hashStrings(list ...string) uint64 {
	h := fnv.New64a()
	for _, s := range list {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return finish(h.Sum64())
}
