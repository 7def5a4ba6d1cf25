package trainer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"

	"go.yaml.in/yaml/v3"

	"plip/internal/dist"
	"plip/internal/feed"
	"plip/internal/runlog"
	"plip/internal/tensor"
)

// bucketBytes is how many gradients travel together: few enough that most leave before the backward pass ends.
const bucketBytes = 8 << 20

// share is what one of several processes has of their common batch. The losses of all add up to the loss of the
// whole batch, and so do the gradients.
type share struct {
	ranks  *dist.Group // nil where the process is alone
	tokens float64     // masked in the captions of all
}

// ofRows weighs a mean over this process' rows, of which all have as many.
func (s share) ofRows(mean tensor.Tensor) tensor.Tensor { // []
	if s.ranks == nil {
		return mean
	}
	return mean.Scale(1 / float64(s.ranks.World.Size))
}

// ofTokens weighs a mean over this process' masked tokens.
func (s share) ofTokens(mean tensor.Tensor, tokens int) tensor.Tensor { // []
	if s.ranks == nil {
		return mean
	}
	return mean.Scale(float64(tokens) / s.tokens)
}

// gather gives the embeddings [N, D] and identities [N] of all processes.
func (s share) gather(image, text, ids tensor.Tensor) (v, t, all tensor.Tensor) { // [size*N, D] both, [size*N] int64
	_, d := image.Dims2()
	both := s.ranks.Gather(tensor.Cat(1, image, text)) // [size*N, 2D]
	return both.Narrow(1, 0, d), both.Narrow(1, d, d), s.ranks.Gather(ids)
}

// ranks is how many processes train together.
func (t *training) ranks() int {
	if t.run.Ranks == nil {
		return 1
	}
	return t.run.Ranks.World.Size
}

// first tells whether this process is the one that writes and tells.
func (t *training) first() bool { return t.run.Ranks == nil || t.run.Ranks.World.Rank == 0 }

// openRanks makes sure that all processes are about to do the same, gives them the parameters of the first, and prepares
// the sums of gradients.
func (t *training) openRanks() error {
	if err := t.compare(); err != nil {
		return err
	}
	g := t.run.Ranks
	through, err := t.connect()
	if err != nil {
		return err
	}
	var all []tensor.Tensor
	for _, p := range t.model.Store.Params() {
		all = append(all, p.Tensor)
	}
	if err := g.Broadcast(all); err != nil {
		return err
	}
	if t.reducer, err = g.NewReducer(t.model.lanes(), bucketBytes); err != nil {
		return err
	}
	g.SynchronizeNorm(t.config.SyncNorm)
	t.note("%d ranks, %d images a step each; contrast over %s; batch norms by %s; gradients summed %s", g.World.Size, t.config.Batch/g.World.Size,
		pick(t.config.Gather, "the gathered batch, with gradients", "each rank's own rows"), pick(t.config.SyncNorm, "all ranks' statistics", "each rank's own statistics"),
		through)
	return nil
}

// connect connects the devices where it can be done, and says how gradients are to be summed.
func (t *training) connect() (through string, err error) {
	g := t.run.Ranks
	why, err := g.ConnectDevices(t.run.Device)
	switch {
	case err != nil:
		return "", err
	case why == "":
		return "over NCCL " + tensor.NCCL() + " during the backward pass", nil
	case t.run.Device != tensor.CPU:
		return "through host memory over Gloo during the backward pass, because " + why, nil
	case g.Shares():
		return "in shared memory", nil
	}
	return "over Gloo during the backward pass", nil
}

func (t *training) note(format string, args ...any) {
	if t.run.Note != nil && t.first() {
		t.run.Note(fmt.Sprintf(format, args...))
	}
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// lanes are the trained parameters in about the order in which the backward pass comes to them: the heads', then the
// encoders', which may run side by side.
func (m *Model) lanes() [][]tensor.Tensor {
	lanes := make([][]tensor.Tensor, 3)
	params := m.Store.Trainable()
	for i := len(params) - 1; i >= 0; i-- {
		k := 0
		switch {
		case strings.HasPrefix(params[i].Name, "visual."):
			k = 1
		case strings.HasPrefix(params[i].Name, "text."):
			k = 2
		}
		lanes[k] = append(lanes[k], params[i].Tensor)
	}
	return lanes
}

// compare fails where the processes would not train the same: another configuration, other data, another place.
func (t *training) compare() error {
	text, err := yaml.Marshal(t.config)
	if err != nil {
		return err
	}
	hash := fnv.New32a()
	_, _ = hash.Write(text) // a hash takes everything
	mine := []float64{float64(hash.Sum32()), float64(t.run.Data.NumRows()), float64(t.at.Step), float64(t.at.Epoch), float64(t.at.Batch)}
	all, err := t.run.Ranks.Exchange(mine)
	if err != nil {
		return err
	}
	for i, what := range []string{"the hash of the configuration, precision included", "rows of data", "steps in the output folder, which all must see", "epochs done", "batches done"} {
		for r := range all {
			if all[r][i] != all[0][i] {
				return fmt.Errorf("rank %d and rank 0 differ in %s: want %.0f, got %.0f", r, what, all[0][i], all[r][i])
			}
		}
	}
	return nil
}

// loading is the context of the loader. Of several processes none stops by itself: they agree on the step. It ends when
// another process has ended the run.
func (t *training) loading(ctx context.Context) context.Context {
	if t.run.Ranks == nil {
		return ctx
	}
	return t.run.Ranks.Context(context.WithoutCancel(ctx))
}

// stopped is why the training is to stop, nil where it is not: of several processes, what they have agreed on.
func (t *training) stopped(ctx context.Context) error {
	if t.run.Ranks == nil {
		return ctx.Err()
	}
	return t.stop
}

// Why a process wants to stop.
const (
	goOn = iota
	interrupted
	outOfTime
)

func stopCode(err error) float64 {
	switch {
	case err == nil:
		return goOn
	case errors.Is(err, context.DeadlineExceeded):
		return outOfTime
	}
	return interrupted
}

func stopError(code float64, rank int) error {
	cause := context.Canceled
	if code == outOfTime {
		cause = context.DeadlineExceeded
	}
	return &dist.StopError{Rank: rank, Err: cause}
}

// agree is the processes' word before a step: whether all go on, and how many tokens they have masked. Their dropout is
// drawn from seed, step and rank, so that each has its own and a checkpoint needs to keep none.
func (t *training) agree(ctx context.Context, b *batch) error {
	g := t.run.Ranks
	if g == nil {
		return nil
	}
	all, err := g.Exchange([]float64{stopCode(ctx.Err()), float64(len(b.masked.places))})
	if err != nil {
		return err
	}
	b.share.ranks = g
	for r := range all {
		if all[r][0] != goOn && t.stop == nil {
			t.stop = stopError(all[r][0], r)
		}
		b.share.tokens += all[r][1]
	}
	tensor.Seed(int64(feed.Visit(t.config.Seed, int(t.at.Step), int64(g.World.Rank)).Uint64() >> 1))
	return t.stop
}

// values appends the loss and its parts, of all processes, to the fields of the log.
func (t *training) values(sum tensor.Tensor, parts []part, fields *[]runlog.Field) (loss float64, err error) {
	if t.run.Ranks == nil {
		loss = sum.Item()
	}
	v := make([]float64, len(parts))
	for i, p := range parts {
		if !p.whole || t.first() {
			v[i] = p.value.Item()
		}
	}
	if t.run.Ranks != nil {
		if err := t.run.Ranks.Sum(v); err != nil {
			return 0, err
		}
		for i, p := range parts {
			loss += p.weight * v[i]
		}
	}
	*fields = append(*fields, runlog.Field{Name: "loss", Value: loss})
	for i, p := range parts {
		*fields = append(*fields, runlog.Field{Name: p.name, Value: v[i]})
	}
	return loss, nil
}

// validate measures the model on the first process, while the others wait, and tells all what was found.
func (t *training) validate(ctx context.Context) (v Validation, err error) {
	g := t.run.Ranks
	if g == nil {
		return t.run.Validate(ctx, t.model)
	}
	if t.first() {
		if v, err = t.run.Validate(g.Context(ctx), t.model); err != nil && ctx.Err() == nil {
			return v, err
		}
	}
	all, e := g.Exchange([]float64{stopCode(err), v.Score})
	if e != nil {
		return v, e
	}
	if all[0][0] != goOn {
		t.stop = stopError(all[0][0], 0)
		return v, t.stop
	}
	v.Score = all[0][1]
	return v, nil
}

// openFeatures opens what probing trains on. Of several processes the first computes it, while the others wait.
func (t *training) openFeatures(ctx context.Context) (err error) {
	g := t.run.Ranks
	if g == nil {
		t.features, err = openFeatures(ctx, t.config, t.run, t.model)
		return err
	}
	if t.first() {
		if t.features, err = openFeatures(g.Context(ctx), t.config, t.run, t.model); err != nil && ctx.Err() == nil {
			return err
		}
	}
	all, e := g.Exchange([]float64{stopCode(err)})
	if e != nil {
		return e
	}
	if all[0][0] != goOn {
		return fmt.Errorf("compute the features: %w", stopError(all[0][0], 0))
	}
	if !t.first() {
		t.features, err = openFeatures(g.Context(ctx), t.config, t.run, t.model)
	}
	return err
}

// closeRanks ends what openRanks began.
func (t *training) closeRanks() {
	if t.run.Ranks == nil {
		return
	}
	t.run.Ranks.SynchronizeNorm(false)
	if t.reducer != nil {
		t.reducer.Close()
	}
}
