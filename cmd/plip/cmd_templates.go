package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"plip/templates"
)

func templatesCommand() command {
	return command{
		use:   "templates",
		short: "Print the masked sentences of prompt captions",
		long: "templates prints every masked sentence with the slots it names and the gender\n" +
			"of its pronouns. [person] is the gender slot and stands in all of them.",
		example: "plip templates",
		result:  templatesResult{},
		docs: map[string]string{
			"templates[].text":    "sentence with brackets: [person] [head] [up] [down] [shoes] [others]",
			"templates[].slots[]": "head, upper, lower, shoes, belongings: those that occur",
			"templates[].gender":  "male, female or neutral",
		},
		options: &templatesOptions{},
	}
}

// templatesResult is what `plip templates --json` prints.
type templatesResult struct {
	Templates []templates.Template `json:"templates" doc:"all sentences"`
}

// templatesOptions has no settings of its own.
type templatesOptions struct{}

func (*templatesOptions) addFlags(*pflag.FlagSet) {}

func (*templatesOptions) validate([]string) error { return nil }

func (*templatesOptions) run(_ context.Context, c *call) error {
	library, err := templates.Load()
	if err != nil {
		return err
	}
	r := templatesResult{library.All()}
	return c.print(r, func(w io.Writer) {
		for _, t := range r.Templates {
			fmt.Fprintf(w, "%s\t%s\t%s\n", t.Gender, strings.Join(t.Slots, ","), t.Text)
		}
	})
}
