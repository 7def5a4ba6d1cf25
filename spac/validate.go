package spac

import (
	"context"
	"fmt"
	"strings"

	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
)

// validate measures the loss on the validation part, marks the best and shows some generated texts.
func (t *training) validate(ctx context.Context) error {
	if t.run.Valid == nil {
		return nil
	}
	size := (t.config.Batch + t.config.Accumulate - 1) / t.config.Accumulate // what the memory is known to hold
	o := t.loaderOptions(feed.Order{Sampler: feed.Sequential, Batch: size, Window: 1})
	o.CacheBytes = 0
	loader, err := feed.New(ctx, t.run.Valid, o)
	if err != nil {
		return err
	}
	weights := t.config.Weights
	weights.Words = 0 // what counts is what is generated
	var sum numbers
	var captions, attributes float64 // real tokens
	shown := 0
	if err := loader.Epoch(ctx, 0, 0, func(b *feed.Batch) error {
		defer b.Release()
		return tensor.Do(func(*tensor.Scope) error {
			defer tensor.NoGrad()() // here, where the goroutine is bound to its thread
			targets := make([]Targets, len(b.Rows))
			for i := range b.Rows {
				targets[i] = t.maker.make(&b.Rows[i])
			}
			in := images(t.model, b)
			if n := min(t.config.Samples-shown, len(b.Rows)); n > 0 {
				shown += n
				if err := t.show(b, in.Narrow(0, 0, int64(n))); err != nil {
					return err
				}
			}
			l := t.model.Loss(NewBatch(t.model.Store.Device(), in, targets), weights, false)
			c, a := countTokens(targets)
			captions, attributes = captions+float64(c), attributes+float64(a)
			for i, part := range []tensor.Tensor{l.Caption, l.Attribute} {
				if part.Defined() {
					sum.sums[i], sum.has[i] = sum.sums[i]+part.Item()*float64([]int{c, a}[i]), true
				}
			}
			return nil
		})
	}); err != nil {
		return err
	}
	sum.sums[0], sum.sums[1] = sum.sums[0]/max(1, captions), sum.sums[1]/max(1, attributes)
	return t.validated(weights, sum)
}

// validated logs the losses of a validation, each the mean over all its tokens.
func (t *training) validated(w Weights, losses numbers) error {
	loss := w.Caption*losses.sums[0] + w.Attribute*losses.sums[1]
	if loss < t.at.BestLoss {
		t.at.BestLoss, t.at.BestStep = loss, t.at.Step
	}
	fields := []runlog.Field{{Name: "valid_loss", Value: loss}}
	for _, f := range losses.parts() {
		fields = append(fields, runlog.Field{Name: "valid_" + f.Name, Value: f.Value})
	}
	t.note("validation after step %d: loss %.4f", t.at.Step, loss)
	return t.metrics.Append(t.at.Step, fields...)
}

// show logs what the model generates for the first images of a batch.
func (t *training) show(b *feed.Batch, in tensor.Tensor) error {
	for i, w := range t.model.Describe(in, t.run.Words.BPE) {
		t.note("%s", fmt.Sprintf("%s: %s | %s", b.Rows[i].FilePath, strings.Join(w.Attributes[:], ", "), strings.Join(w.Captions[:], " | ")))
		if err := t.samples.append(sample{t.at.Step, b.Rows[i].FilePath, w.Attributes, w.Captions}); err != nil {
			return err
		}
	}
	return nil
}
