package trainer

import (
	"golang.org/x/sync/errgroup"

	"plip/internal/tensor"
)

// features are what the losses read of a batch. All are leaves: cut off from the encoders' graphs.
type features struct {
	image, text tensor.Tensor    // [N, D]
	gray        [4]tensor.Tensor // the gray images' maps (VisualOutput); none where there is no colourisation
	hidden      tensor.Tensor    // [R, L, D] of the masked captions; none where nothing is masked
}

// branch is one encoder's part of a training step. Its results are cut off from the encoder's graph: the losses
// differentiate down to leaves, and backward carries the leaves' gradients on through the encoder. So both encoders can
// run at the same time, forward and backward.
type branch struct {
	outs   []tensor.Tensor // ends of the encoder's graph
	leaves []tensor.Tensor // the same values
}

// cut gives a result's leaf. Both tensors leave the scope: they are the branch's until free.
func (b *branch) cut(s *tensor.Scope, out tensor.Tensor) (leaf tensor.Tensor) {
	b.outs = append(b.outs, s.Keep(out))
	leaf = s.Keep(out.Detach().RequireGrad(true))
	b.leaves = append(b.leaves, leaf)
	return leaf
}

// backward runs the encoder's backward pass from the gradients that the losses left. A result that no loss has read, or
// that comes from frozen parameters alone, has none to carry on.
func (b *branch) backward() error {
	var outs, grads []tensor.Tensor
	for i, leaf := range b.leaves {
		if g := leaf.Grad(); g.Defined() && b.outs[i].RequiresGrad() {
			outs, grads = append(outs, b.outs[i]), append(grads, g)
		}
	}
	if len(outs) > 0 {
		tensor.BackwardFrom(outs, grads)
	}
	return nil
}

func (b *branch) free() {
	for i := range b.outs {
		b.outs[i].Free()
	}
	for i := range b.leaves {
		b.leaves[i].Free()
	}
}

// encoded is a batch after the forward pass of both encoders.
type encoded struct {
	features
	visual, textual branch
}

// encode runs both encoders in training. The caller frees the result, also after an error.
func (m *Model) encode(b batch) (e *encoded, err error) {
	e = &encoded{}
	err = m.both(func(s *tensor.Scope) error {
		defer m.autocast()()
		image := m.clock.start(stageImage)
		e.image = e.visual.cut(s, m.Visual.Forward(b.image.ChannelsLast(), true).Embedding.As(tensor.Float32))
		image()
		if b.gray.Defined() { // after the colour images: shared running statistics follow both
			defer m.clock.start(stageGray)()
			for i, x := range m.Gray.Maps(b.gray.ChannelsLast(), true) {
				e.gray[i] = e.visual.cut(s, x)
			}
		}
		return nil
	}, func(s *tensor.Scope) error {
		defer m.autocast()()
		defer m.clock.start(stageText)()
		n, r := b.captions.n, b.masked.n
		out := m.Text.forwardTwins(m.Store.Device(), b.captions, b.masked.tokens)
		e.text = e.textual.cut(s, out.Embedding.Narrow(0, 0, n).As(tensor.Float32))
		if r > 0 {
			e.hidden = e.textual.cut(s, out.Hidden.Narrow(0, n, r))
		}
		return nil
	})
	return e, err
}

// backward runs both encoders' backward passes.
func (e *encoded) backward(m *Model) error {
	return m.both(func(*tensor.Scope) error {
		defer m.clock.start(stageBackwardImage)()
		return e.visual.backward()
	}, func(*tensor.Scope) error {
		defer m.clock.start(stageBackwardText)()
		return e.textual.backward()
	})
}

func (e *encoded) free() {
	e.visual.free()
	e.textual.free()
}

// both does the visual and the text encoder's work, at the same time where the configuration says so. Only one of them
// may draw random numbers then, or their order would be left to chance: it is the text encoder's dropout.
func (m *Model) both(visual, text func(s *tensor.Scope) error) error {
	if !m.Config.SideBySide {
		if err := tensor.Do(visual); err != nil {
			return err
		}
		return tensor.Do(text)
	}
	var group errgroup.Group
	group.Go(func() error {
		return tensor.Do(func(s *tensor.Scope) error {
			tensor.Threads() // a thread takes over the number of threads when it is first asked for it
			return text(s)
		})
	})
	err := tensor.Do(visual)
	if other := group.Wait(); err == nil {
		err = other
	}
	return err
}
