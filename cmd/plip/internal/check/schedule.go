package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"plip/internal/optim"
	"plip/trainer"
)

// scheduleFixture is a fixture of kind schedule: the rates of fine-tuning and of pre-training, and the attribute task's G.
type scheduleFixture struct {
	Kind     string
	Finetune struct {
		Rule   string
		Epochs int
		Warmup float64
		Period int // epochs between two drops
		Factor float64
		Base   []float64
		LR     [][]float64
	}
	Pretrain struct {
		Rule       string
		Epochs     int
		Warmup     float64
		Milestones []int
		Base       float64
		BERTFactor float64 `json:"bert_factor"`
		LR         [][]float64
	}
	IAP struct {
		Rule     string
		X        []float64
		G        map[string][]float64
		Constant float64
		ByEpoch  map[string]map[string][]float64 `json:"by_epoch"`
	}
}

// checkSchedule runs the learning rates of fine-tuning ([encoders, W] by epoch: warm-up, then times factor after every
// period) and of pre-training ([visual, BERT]), and G of the attribute task by progress and by epoch.
func checkSchedule(f *jsonFixture) error {
	var x scheduleFixture
	if err := f.decode(&x); err != nil {
		return err
	}
	s := optim.Schedule{Kind: optim.ScheduleStep, Base: 1, Warmup: x.Finetune.Warmup, Factor: x.Finetune.Factor, Epochs: x.Finetune.Epochs}
	if x.Finetune.Period < 1 {
		return fmt.Errorf("finetune.period: want 1 or more, got %d", x.Finetune.Period)
	}
	for e := x.Finetune.Period; e < len(x.Finetune.LR); e += x.Finetune.Period {
		s.Milestones = append(s.Milestones, e)
	}
	if err := f.rates("finetune", s, x.Finetune.Base, x.Finetune.LR); err != nil {
		return err
	}
	p := x.Pretrain
	s = optim.Schedule{Kind: optim.ScheduleStep, Base: 1, Warmup: p.Warmup, Milestones: p.Milestones, Factor: optim.DefaultSchedule().Factor, Epochs: p.Epochs}
	if err := f.rates("pretrain", s, []float64{p.Base, p.Base * p.BERTFactor}, p.LR); err != nil {
		return err
	}
	return f.difficulties(&x)
}

// difficulties compares G of the attribute task, by progress and by epoch of runs of several lengths.
func (f *jsonFixture) difficulties(x *scheduleFixture) error {
	for _, name := range sortedKeys(x.IAP.G) {
		d := trainer.Difficulty{Kind: name, Constant: x.IAP.Constant}
		if err := d.Validate(); err != nil {
			return err
		}
		var got []float64
		for _, at := range x.IAP.X {
			got = append(got, d.At(at))
		}
		f.values("iap.G", "iap.G."+name, x.IAP.G[name], got, computed)
	}
	for _, epochs := range sortedKeys(x.IAP.ByEpoch) {
		n, err := strconv.Atoi(epochs)
		if err != nil {
			return fmt.Errorf("iap.by_epoch: want numbers of epochs, got %q", epochs)
		}
		for _, name := range sortedKeys(x.IAP.ByEpoch[epochs]) {
			d := trainer.Difficulty{Kind: name, Constant: x.IAP.Constant}
			if err := d.Validate(); err != nil {
				return err
			}
			want := x.IAP.ByEpoch[epochs][name]
			if len(want) != n {
				return fmt.Errorf("iap.by_epoch.%s.%s: want %s values, got %d", epochs, name, epochs, len(want))
			}
			var got []float64
			for e := range n {
				got = append(got, d.Epoch(e, n))
			}
			f.values("iap.by_epoch", "iap.by_epoch."+epochs+"."+name, want, got, computed)
		}
	}
	return nil
}

// rates compares the learning rates of groups with the given bases, epoch by epoch.
func (f *jsonFixture) rates(name string, s optim.Schedule, bases []float64, want [][]float64) error {
	if err := s.Validate(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	f.values(name, name+".epochs", []float64{float64(s.Epochs)}, []float64{float64(len(want))}, exact)
	for e, w := range want {
		var got []float64
		for _, base := range bases {
			got = append(got, base*s.Rate(e, 0))
		}
		f.values(name, fmt.Sprintf("%s.lr of epoch %d", name, e), w, got, computed)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
