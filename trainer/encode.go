package trainer

import (
	"golang.org/x/sync/errgroup"

	"plip/internal/tensor"
)

// branch is one encoder's part of a training step. Its embedding is cut off from the encoder's graph: the losses
// differentiate down to leaf, and backward carries leaf's gradient on through the encoder. So both encoders can run at
// the same time, forward and backward.
type branch struct {
	out  tensor.Tensor // [N, D], end of the encoder's graph
	leaf tensor.Tensor // [N, D], the same values
}

// newBranch cuts an embedding off. Both tensors leave the scope: they are the branch's until free.
func newBranch(s *tensor.Scope, embedding tensor.Tensor) branch {
	out := s.Keep(embedding.As(tensor.Float32))
	return branch{out, s.Keep(out.Detach().RequireGrad(true))}
}

// backward runs the encoder's backward pass from the gradient that the losses left.
func (b branch) backward() error {
	b.out.Mul(b.leaf.Grad()).Sum().Backward() // its gradient at out is leaf's
	return nil
}

func (b branch) free() {
	b.out.Free()
	b.leaf.Free()
}

// encode runs both encoders in training on images x [N, 3, H, W] and captions. The caller frees the branches, also
// after an error.
func (m *Model) encode(x tensor.Tensor, captions tokens) (image, text branch, err error) {
	err = m.both(func(s *tensor.Scope) error {
		defer m.autocast()()
		image = newBranch(s, m.Visual.Forward(x.ChannelsLast(), true).Embedding)
		return nil
	}, func(s *tensor.Scope) error {
		defer m.autocast()()
		ids, mask := captions.tensors(m.Store.Device()) // [N, L] both
		text = newBranch(s, m.Text.Forward(ids, mask, true).Embedding)
		return nil
	})
	return image, text, err
}

// backward runs both encoders' backward passes.
func (m *Model) backward(image, text branch) error {
	return m.both(func(*tensor.Scope) error { return image.backward() }, func(*tensor.Scope) error { return text.backward() })
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
