package trainer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"plip/internal/checkpoint"
	"plip/internal/feed"
	"plip/internal/optim"
	"plip/internal/pixels"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/parquet"
)

// State is where a training stands: state.json of a checkpoint.
type State struct {
	Step      int64   `json:"step"`  // steps made
	Epoch     int     `json:"epoch"` // 0-based, of the next step
	Batch     int64   `json:"batch"` // in the epoch, of the next step
	BestStep  int64   `json:"best_step"`
	BestScore float64 `json:"best_score"`
	Validated int64   `json:"validated"` // step of the newest validation
	// Scale is the loss' scale in float16; zero otherwise.
	Scale lossScale `json:"loss_scale,omitzero"`
}

// training is a run in progress.
type training struct {
	config    Config
	run       Run
	model     *Model
	masker    *masker         // nil without loss.iap
	classes   *classes        // nil without finetune.cmpc
	features  *frozenFeatures // nil without finetune.probe
	reducer   *tensor.Reducer // nil where the process is alone
	stop      error           // why the ranks have agreed to stop
	optimizer *optim.Optimizer
	loader    *feed.Loader
	metrics   *runlog.Metrics
	at        State
	saved     State // of the newest checkpoint; step -1 where there is none
	batches   int64 // of the epoch
	meter     meter
}

// newTraining makes the model and the loader, fresh or from the newest checkpoint.
func newTraining(ctx context.Context, c Config, run Run) (*training, error) {
	last, err := checkpoint.Latest(run.Dir)
	if err != nil {
		return nil, err
	}
	words, err := startText(ctx, &c, run, last)
	if err != nil {
		return nil, err
	}
	classes, err := startClasses(ctx, &c, run)
	if err != nil {
		return nil, err
	}
	t := &training{config: c, run: run, classes: classes, saved: State{Step: -1}}
	if c.Precision == PrecisionFP16 {
		t.at.Scale.Scale = firstScale
	}
	if err := t.open(ctx, words, last); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

func (t *training) open(ctx context.Context, words *Vocabulary, last string) (err error) {
	if t.model, err = NewModel(t.run.Device, t.config, words); err != nil {
		return err
	}
	if last == "" {
		if err := t.model.begin(t.run); err != nil {
			return err
		}
	}
	if t.config.Loss.IAP > 0 {
		if t.masker, err = newMasker(words.WordPiece); err != nil {
			return err
		}
	}
	t.model.Text.keepFrozen()
	if t.optimizer, err = optim.New(t.config.Optimizer, t.model.groups()); err != nil {
		return err
	}
	if t.loader, err = feed.New(ctx, t.run.Data, loaderOptions(t.config, t.run)); err != nil {
		return err
	}
	if last != "" {
		if err := t.resume(last); err != nil {
			return err
		}
	}
	if t.run.Ranks != nil {
		if err := t.openRanks(); err != nil {
			return err
		}
	}
	if c := t.config.Finetune; c != nil && c.Probe != ProbeNone {
		if err := t.openFeatures(ctx); err != nil {
			return err
		}
	}
	if t.first() {
		t.metrics, err = runlog.OpenMetrics(filepath.Join(t.run.Dir, runlog.MetricsFile), t.saved.Step)
	}
	return err
}

// startText finds the vocabulary, in the newest checkpoint, the hub folder or the captions, and completes the text
// encoder's configuration by it.
func startText(ctx context.Context, c *Config, run Run, last string) (*Vocabulary, error) {
	if run.Hub != "" {
		if err := c.Text.ReadHubConfig(filepath.Join(run.Hub, "config.json")); err != nil {
			return nil, err
		}
	}
	if err := adoptStart(c, run, last); err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	switch {
	case last != "":
		words, err := LoadVocabulary(last)
		if err == nil && run.Hub == "" {
			c.Text.Vocab = int64(words.Size())
		}
		return words, err
	case run.Start != "":
		from, err := findWeights(run.Start)
		if err != nil {
			return nil, err
		}
		return from.vocabulary()
	case run.Hub != "":
		return LoadVocabulary(run.Hub)
	}
	words, err := TrainVocabulary(ctx, run.Data, c.Captions, int(c.Text.Vocab))
	if err == nil {
		c.Text.Vocab = int64(words.Size())
	}
	return words, err
}

// groups are the parameters by learning rate: the text encoder's and the classifier's are scaled.
func (m *Model) groups() []optim.Group {
	visual, text, classifier := optim.Group{Scale: 1}, optim.Group{Scale: m.Config.TextLRScale}, optim.Group{}
	if m.Classifier != nil {
		classifier.Scale = m.Config.Finetune.ClassifierScale
	}
	for _, p := range m.Store.Trainable() {
		to := &visual
		switch {
		case strings.HasPrefix(p.Name, "text."), strings.HasPrefix(p.Name, "probe.text."):
			to = &text
		case strings.HasPrefix(p.Name, "cmpc."):
			to = &classifier
		}
		to.Params = append(to.Params, p)
	}
	return slices.DeleteFunc([]optim.Group{visual, text, classifier}, func(g optim.Group) bool { return len(g.Params) == 0 })
}

func loaderOptions(c Config, run Run) feed.Options {
	o := feed.DefaultOptions()
	_, k, _ := parseSampler(c.Sampler) // Validate has seen it
	o.Order = feed.Order{Sampler: feed.Shuffle, Batch: c.Batch, Window: c.Window, Seed: c.Seed}
	if k > 0 {
		o.Order.Sampler, o.Order.K = feed.PK, k
	}
	o.Height, o.Px, o.Norm, o.Flip = int(c.Visual.Height), int(c.Visual.Px), pixels.PLIP(), c.Flip
	o.Gray = c.Loss.TIC > 0
	o.Use = func(r *parquet.Row) bool { return len(candidates(c.Captions, r)) > 0 }
	o.Columns = parquet.ColImage | parquet.ColText | parquet.ColMeta
	if f := c.Finetune; f != nil {
		o.Short = f.Short
		if c.pairs() {
			o.Copies = func(r *parquet.Row) int { return len(candidates(c.Captions, r)) }
		}
		if f.Probe != ProbeNone {
			o.Columns &^= parquet.ColImage
		}
	}
	o.Workers, o.CacheBytes = run.Workers, run.CacheBytes
	if run.Ranks != nil {
		o.Part = feed.Part{Index: run.Ranks.World.Rank, Count: run.Ranks.World.Size}
	}
	return o
}

// resume puts everything where the checkpoint left it.
func (t *training) resume(last string) error {
	saved := checkpointConfig()
	if err := checkpoint.ReadConfig(last, &saved); err != nil {
		return err
	}
	if err := sameConfig(saved, t.config); err != nil {
		return fmt.Errorf("go on from %s: %w", last, err)
	}
	if err := checkpoint.ReadState(last, &t.at); err != nil {
		return err
	}
	t.saved = t.at
	return checkpoint.LoadTraining(last, t.model.Store, t.optimizer)
}

// sameConfig lists the lines of config.yaml in which two configurations differ.
func sameConfig(want, got Config) error {
	if reflect.DeepEqual(want, got) {
		return nil
	}
	lines := func(c Config) ([]string, error) {
		text, err := yaml.Marshal(c)
		return strings.Split(string(text), "\n"), err
	}
	w, err := lines(want)
	if err != nil {
		return err
	}
	g, err := lines(got)
	if err != nil {
		return err
	}
	var errs []error
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			errs = append(errs, fmt.Errorf("want %q, got %q", strings.TrimSpace(w[i]), strings.TrimSpace(g[i])))
		}
	}
	return errors.Join(errs...)
}

// save writes a checkpoint of the present step, names it the best if it is, and prunes. Where there is one already, its
// state alone can have changed: an epoch has ended, or a validation.
func (t *training) save() error {
	if !t.first() {
		t.saved = t.at
		return nil
	}
	name := checkpoint.StepName(t.at.Step)
	switch {
	case t.saved == t.at:
	case t.saved.Step == t.at.Step:
		if err := checkpoint.WriteState(filepath.Join(t.run.Dir, name), t.at); err != nil {
			return err
		}
	default:
		if err := t.metrics.Sync(); err != nil { // the log never lags behind the checkpoint
			return err
		}
		_, err := checkpoint.Save(t.run.Dir, name, checkpoint.Content{Store: t.model.Store, Optimizer: t.optimizer, Config: t.config, State: t.at,
			Files: map[string][]byte{VocabularyFile: t.model.Words.file}})
		if err != nil {
			return err
		}
	}
	t.saved = t.at
	if t.at.BestStep == t.at.Step && t.at.Step > 0 {
		if err := checkpoint.SetBest(t.run.Dir, name); err != nil {
			return err
		}
	}
	return checkpoint.Prune(t.run.Dir, t.config.Keep)
}

func (t *training) summary() Summary {
	s := Summary{State: t.at, Skipped: t.loader.Skipped()}
	if f := t.config.Finetune; f != nil {
		s.Classes = f.Classes
	}
	for _, p := range t.model.Store.Trainable() {
		s.Parameters += p.Tensor.NumElements()
	}
	s.Speed, _ = t.meter.rates()
	return s
}

// finished tells whether no step is left.
func (t *training) finished() bool {
	return t.at.Epoch >= t.config.Schedule.Epochs || t.config.MaxSteps > 0 && t.at.Step >= t.config.MaxSteps
}

// steps is about how many steps the training has: epochs may differ by a few with the sampler pk.
func (t *training) steps() int64 {
	n := t.batches * int64(t.config.Schedule.Epochs)
	if t.config.MaxSteps > 0 {
		n = min(n, t.config.MaxSteps)
	}
	return n
}

// rate is the learning rate of the next step. With MaxSteps the cosine runs to its end in so many.
func (t *training) rate() float64 {
	s := t.config.Schedule
	if s.Kind == optim.ScheduleCosine && t.config.MaxSteps > 0 {
		at := float64(t.at.Step) / float64(t.steps()) * float64(s.Epochs)
		return s.Rate(int(at), at-float64(int(at)))
	}
	return s.Rate(t.at.Epoch, float64(t.at.Batch)/float64(t.batches))
}

// profile is where the time of the steps went.
func (t *training) profile() Profile {
	w := t.model.clock
	w.spent[stageWait].Store(int64(t.meter.waited))
	read, decode := t.loader.Spent()
	w.spent[stageRead].Store(int64(read))
	w.spent[stageDecode].Store(int64(decode))
	return w.profile(int64(t.meter.steps), t.meter.waited+t.meter.worked)
}

// noteFrozen tells what the cache of frozen layers was good for, if there is one.
func (t *training) noteFrozen() {
	if c := t.model.Text.cache; c != nil {
		t.note("text.frozen_cache: %d of %d captions were in it; at the end %d took %.1f of %.1f MB", c.hits, c.hits+c.misses, len(c.entries), float64(c.used)/1e6, float64(c.limit)/1e6)
	}
}

// close frees what the training owns.
func (t *training) close() {
	t.closeRanks()
	if t.metrics != nil {
		t.metrics.Close()
	}
	if t.optimizer != nil {
		t.optimizer.Close()
	}
	t.features.close()
	if t.model != nil {
		t.model.Text.closeFrozen()
		t.model.Close()
	}
}

// meter measures the speed.
type meter struct {
	ended          time.Time // of the last step
	waited, worked time.Duration
	images, steps  int
	from           time.Time // of the step in progress
}

func (m *meter) start() {
	m.from = time.Now()
	if !m.ended.IsZero() {
		m.waited += m.from.Sub(m.ended)
	}
}

func (m *meter) stop(images int) {
	m.ended = time.Now()
	m.worked += m.ended.Sub(m.from)
	m.images, m.steps = m.images+images, m.steps+1
}

// pause leaves d before the next step out of the waiting.
func (m *meter) pause(d time.Duration) { m.ended = m.ended.Add(d) }

// rates are images a second, and the share of the time spent waiting.
func (m *meter) rates() (images, wait float64) {
	all := (m.waited + m.worked).Seconds()
	if all == 0 {
		return 0, 0
	}
	return float64(m.images) / all, m.waited.Seconds() / all
}
