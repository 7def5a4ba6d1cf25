package templates

import (
	"fmt"
	"slices"
	"strings"
)

// symbol is one piece of an alternative.
type symbol struct {
	kind symbolKind
	text string // words: as written; gendered: what stands between the braces
	slot int    // bracket: index into brackets, -1 for [person]
	rule int    // reference: the rule's number
}

type symbolKind uint8

const (
	words symbolKind = iota
	bracket
	gendered
	reference
)

// grammar is a set of rules without recursion; each alternative is a row of symbols.
type grammar struct {
	names []string
	rules [][][]symbol
	start int // @sentence
}

// pronouns holds he, she, they forms by the word between the braces.
var pronouns = map[string][3]string{
	"he": {"he", "she", "they"}, "him": {"him", "her", "them"}, "his": {"his", "her", "their"},
	"He": {"He", "She", "They"}, "His": {"His", "Her", "Their"},
}

// parseGrammar reads the syntax that the package comment describes. Errors carry the line.
func parseGrammar(text string) (*grammar, error) {
	g := &grammar{start: -1}
	number := make(map[string]int)
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		name, ok := ruleName(line)
		if !ok {
			continue
		}
		if _, twice := number[name]; twice {
			return nil, fmt.Errorf("grammar: line %d: rule @%s: want one definition, got a second", n+1, name)
		}
		number[name] = len(g.names)
		g.names = append(g.names, name)
	}
	g.rules = make([][][]symbol, len(g.names))
	current := -1
	for n, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, ok := ruleName(line); ok {
			current = number[name]
			continue
		}
		if current < 0 {
			return nil, fmt.Errorf("grammar: line %d: want a rule before %q", n+1, line)
		}
		row, err := parseAlternative(line, number)
		if err != nil {
			return nil, fmt.Errorf("grammar: line %d: %w", n+1, err)
		}
		g.rules[current] = append(g.rules[current], row)
	}
	start, ok := number["sentence"]
	if !ok {
		return nil, fmt.Errorf("grammar: want a rule @sentence, got %d others", len(g.names))
	}
	g.start = start
	return g, g.refuseCycles()
}

func ruleName(line string) (string, bool) {
	line = strings.TrimSpace(line)
	if !strings.HasPrefix(line, "@") || !strings.HasSuffix(line, ":") || strings.Contains(line, " ") {
		return "", false
	}
	return line[1 : len(line)-1], true
}

func parseAlternative(line string, number map[string]int) ([]symbol, error) {
	if line == "-" {
		return nil, nil
	}
	var row []symbol
	for line != "" {
		at := strings.IndexAny(line, "[{@")
		if at < 0 {
			at = len(line)
		}
		if at > 0 {
			row = append(row, symbol{kind: words, text: line[:at]})
			line = line[at:]
			continue
		}
		var s symbol
		var size int
		var err error
		switch line[0] {
		case '[':
			s, size, err = parseBracket(line)
		case '{':
			s, size, err = parseGendered(line)
		default:
			s, size, err = parseReference(line, number)
		}
		if err != nil {
			return nil, err
		}
		row = append(row, s)
		line = line[size:]
	}
	return row, nil
}

func parseBracket(line string) (symbol, int, error) {
	end := strings.IndexByte(line, ']') + 1
	name := line[:end]
	if name == personBracket {
		return symbol{kind: bracket, slot: -1}, end, nil
	}
	if i := slices.Index(brackets[:], name); i >= 0 {
		return symbol{kind: bracket, slot: i}, end, nil
	}
	return symbol{}, 0, fmt.Errorf("want one of %s %s, got %q", personBracket, strings.Join(brackets[:], " "), line)
}

func parseGendered(line string) (symbol, int, error) {
	end := strings.IndexByte(line, '}')
	if end < 0 {
		return symbol{}, 0, fmt.Errorf("want a closing brace in %q", line)
	}
	inner := line[1:end]
	if _, ok := pronouns[inner]; !ok && strings.Count(inner, "/") != 1 {
		return symbol{}, 0, fmt.Errorf("want a pronoun or two verbs between braces, got %q", inner)
	}
	return symbol{kind: gendered, text: inner}, end + 1, nil
}

func parseReference(line string, number map[string]int) (symbol, int, error) {
	end := 1
	for end < len(line) && 'a' <= line[end] && line[end] <= 'z' {
		end++
	}
	rule, ok := number[line[1:end]]
	if !ok {
		return symbol{}, 0, fmt.Errorf("want a rule of the grammar, got %q", line[:end])
	}
	return symbol{kind: reference, rule: rule}, end, nil
}

// refuseCycles returns an error when a rule leads to itself, for then nothing can be
// counted.
func (g *grammar) refuseCycles() error {
	const active, done = 1, 2
	state := make([]int, len(g.rules))
	var visit func(r int) error
	visit = func(r int) error {
		switch state[r] {
		case active:
			return fmt.Errorf("grammar: rule @%s leads to itself", g.names[r])
		case done:
			return nil
		}
		state[r] = active
		for _, row := range g.rules[r] {
			for _, s := range row {
				if s.kind == reference {
					if err := visit(s.rule); err != nil {
						return err
					}
				}
			}
		}
		state[r] = done
		return nil
	}
	for r := range g.rules {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}
