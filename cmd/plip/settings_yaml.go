package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// setting is a value read from YAML, with its place for error messages.
type setting struct {
	where  string // "FILE:LINE"
	values []string
	list   bool
}

// readYAML adds the values of one document to values, nested keys joined by
// dots. Later files overwrite earlier ones; within a file a key may occur once.
func readYAML(name string, data []byte, values map[string]setting) error {
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	if errors.Is(err, io.EOF) { // empty, or comments alone
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return flatten(name, "", doc.Content[0], map[string]int{}, values)
}

// flatten walks a mapping. lines holds the line of each key this file has set.
func flatten(name, prefix string, node *yaml.Node, lines map[string]int, values map[string]setting) error {
	where := fmt.Sprintf("%s:%d", name, node.Line)
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: want keys with values, got %s", where, nodeKind(node))
	}
	var problems []error
	for i := 0; i < len(node.Content); i += 2 {
		key, value := prefix+node.Content[i].Value, node.Content[i+1]
		where := fmt.Sprintf("%s:%d", name, node.Content[i].Line)
		if value.Kind == yaml.MappingNode {
			problems = append(problems, flatten(name, key+".", value, lines, values))
			continue
		}
		if line, ok := lines[key]; ok {
			problems = append(problems, fmt.Errorf("%s: key %q is set a second time, first in line %d", where, key, line))
			continue
		}
		lines[key] = node.Content[i].Line
		v := setting{where: where}
		items := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			v.list, items = true, value.Content
		}
		for _, item := range items {
			if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
				problems = append(problems, fmt.Errorf("%s: key %q: want a value, got %s", where, key, nodeKind(item)))
			}
			v.values = append(v.values, item.Value)
		}
		values[key] = v
	}
	return errors.Join(problems...)
}

// nodeKind names what stands in the file, for error messages.
func nodeKind(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		if n.Tag == "!!null" {
			return "nothing"
		}
		return fmt.Sprintf("%q", n.Value)
	}
}

// assign sets the flag without marking it as given on the command line.
func (v setting) assign(flag *pflag.Flag) error {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		values := v.values
		if !v.list { // written as on the command line
			values = strings.Split(values[0], ",")
		}
		if err := list.Replace(values); err != nil {
			return fmt.Errorf("%s: key %q: want a list of %s: %w", v.where, flag.Name, flag.Value.Type(), err)
		}
		return nil
	}
	if v.list {
		return fmt.Errorf("%s: key %q: want one %s, got a list", v.where, flag.Name, flag.Value.Type())
	}
	if err := flag.Value.Set(v.values[0]); err != nil {
		return fmt.Errorf("%s: key %q: want %s, got %q", v.where, flag.Name, flag.Value.Type(), v.values[0])
	}
	return nil
}

// yaml prints every key with the value in force, in a form that --config reads
// back to the same values.
func (s *settings) yaml() ([]byte, error) {
	root := &yaml.Node{Kind: yaml.MappingNode}
	s.keys(func(flag *pflag.Flag) {
		levels := strings.Split(flag.Name, ".")
		at := root
		for _, level := range levels[:len(levels)-1] {
			at = childMapping(at, level)
		}
		at.Content = append(at.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: levels[len(levels)-1]}, valueNode(flag))
	})
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), e.Close()
}

// childMapping returns the mapping under key, which it makes when missing.
func childMapping(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	child := &yaml.Node{Kind: yaml.MappingNode}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, child)
	return child
}

// valueNode is the value of a flag as YAML.
func valueNode(flag *pflag.Flag) *yaml.Node {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for _, v := range list.GetSlice() {
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: v})
		}
		return n
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: flag.Value.String()}
	switch flag.Value.Type() {
	case "bool", "int", "int32", "int64", "uint", "uint64", "float32", "float64":
	default:
		n.Tag = "!!str" // quoted where YAML would read a number
	}
	return n
}
