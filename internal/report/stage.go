package report

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Stage is the cost of one stage of the line.
type Stage struct {
	Name      string
	Seconds   float64 // wall clock, summed over resumed runs
	Items     int64   // what Unit names, done within Seconds
	PeakBytes int64   // largest resident set of the process while the stage ran
	Unit      string  // plural noun: "images", "steps"
}

// Rate returns items per second, 0 for a stage that took no time.
func (s Stage) Rate() float64 {
	if s.Seconds <= 0 {
		return 0
	}
	return float64(s.Items) / s.Seconds
}

// Stages are the stages in the order they ran. In JSON they are one object keyed by name, in that order.
type Stages []Stage

// stageJSON is the value under a stage's name.
type stageJSON struct {
	Seconds   float64 `json:"seconds"`
	Items     int64   `json:"items"`
	ItemsPerS float64 `json:"items_per_s"`
	PeakBytes int64   `json:"peak_bytes"`
	Unit      string  `json:"unit"`
}

// MarshalJSON writes the object by hand, because encoding/json would sort a map's keys.
func (s Stages) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, st := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(st.Name)
		if err != nil {
			return nil, fmt.Errorf("stage %q: %w", st.Name, err)
		}
		value, err := json.Marshal(stageJSON{st.Seconds, st.Items, st.Rate(), st.PeakBytes, st.Unit})
		if err != nil {
			return nil, fmt.Errorf("stage %q: %w", st.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads the object and keeps the order of its keys. items_per_s is not read: Rate computes it.
func (s *Stages) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return fmt.Errorf("stages: %w", err)
	}
	if open == nil { // null
		*s = nil
		return nil
	}
	if open != json.Delim('{') {
		return fmt.Errorf("stages: want an object, got %v", open)
	}
	*s = Stages{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("stages: %w", err)
		}
		name, ok := key.(string)
		if !ok {
			return fmt.Errorf("stages: want a name, got %v", key)
		}
		var v stageJSON
		if err := dec.Decode(&v); err != nil {
			return fmt.Errorf("stages: %q: %w", name, err)
		}
		*s = append(*s, Stage{Name: name, Seconds: v.Seconds, Items: v.Items, PeakBytes: v.PeakBytes, Unit: v.Unit})
	}
	return nil
}

// Seconds returns the sum over the stages.
func (s Stages) Seconds() float64 {
	sum := 0.0
	for _, st := range s {
		sum += st.Seconds
	}
	return sum
}

// PeakBytes returns the largest peak of any stage.
func (s Stages) PeakBytes() int64 {
	peak := int64(0)
	for _, st := range s {
		peak = max(peak, st.PeakBytes)
	}
	return peak
}

func (s Stages) check(c *checker) {
	seen := map[string]bool{}
	for i, st := range s {
		if st.Name == "" {
			c.add("stages[%d]: want a name, got an empty one", i)
			continue
		}
		if seen[st.Name] {
			c.add("stages: %q stands twice", st.Name)
		}
		seen[st.Name] = true
		c.quantity("stages."+st.Name+".seconds", st.Seconds)
		c.count("stages."+st.Name+".items", st.Items)
		c.count("stages."+st.Name+".peak_bytes", st.PeakBytes)
	}
}

// Step is one stage of the line as a balance: what went in, what was dropped and why, what came out.
type Step struct {
	Stage   string `json:"stage"`
	Note    string `json:"note,omitempty"` // half a sentence: what the stage does
	In      int64  `json:"in"`
	InUnit  string `json:"in_unit"` // plural noun: "images"
	Out     int64  `json:"out"`
	OutUnit string `json:"out_unit"`
	Dropped []Drop `json:"dropped"` // in the unit of In
}

// Drop counts what one reason removed.
type Drop struct {
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
}

// Missing returns In - Out - dropped, where in and out count the same thing, else 0. The page prints it, so
// that a stage whose counts do not add up shows.
func (s Step) Missing() int64 {
	if s.InUnit != s.OutUnit {
		return 0
	}
	n := s.In - s.Out
	for _, d := range s.Dropped {
		n -= d.Count
	}
	return n
}

func (s Step) check(c *checker, key string) {
	c.count(key+".in", s.In)
	c.count(key+".out", s.Out)
	for _, d := range s.Dropped {
		c.count(key+".dropped."+d.Reason, d.Count)
	}
}
