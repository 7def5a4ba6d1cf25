package dist

import (
	"fmt"
	"hash/fnv"

	"plip/internal/tensor"
)

// station is what a rank tells the others of its device.
type station struct {
	cuda bool
	nccl bool    // libplip_cuda.so is open
	uuid float64 // a hash of the device's, exact in 53 bits
}

// ConnectDevices makes tensors go between the ranks' devices over NCCL, where each rank computes on a CUDA device of its
// own and libplip_cuda.so is there. Else it changes nothing, tensors on devices go through host memory, and why says what
// is in the way. All ranks call it, each with its device.
func (g *Group) ConnectDevices(d tensor.Device) (why string, err error) {
	mine := station{cuda: d != tensor.CPU, nccl: tensor.NCCL() != ""}
	if mine.cuda && mine.nccl {
		device, err := d.Describe()
		if err != nil {
			return "", fmt.Errorf("describe %v: %w", d, err)
		}
		h := fnv.New64a()
		_, _ = h.Write([]byte(device.UUID)) // a hash takes everything
		mine.uuid = float64(h.Sum64() >> 11)
	}
	all, err := g.Exchange([]float64{number(mine.cuda), number(mine.nccl), mine.uuid})
	if err != nil {
		return "", err
	}
	stations := make([]station, len(all))
	for r, v := range all {
		stations[r] = station{v[0] == 1, v[1] == 1, v[2]}
	}
	if why := inTheWay(stations, g.World.Sockets); why != "" {
		return why, nil
	}
	g.watch.parted.armed.Store(true)
	if err := g.Group.ConnectDevices(d); err != nil {
		return "", fmt.Errorf("connect the ranks' devices over NCCL %s (PLIP_RANKS=sockets does without): %w", tensor.NCCL(), collective(err))
	}
	return "", nil
}

// inTheWay is why devices are not to be connected, "" where they are.
func inTheWay(stations []station, sockets bool) string {
	if sockets {
		return "PLIP_RANKS=sockets"
	}
	seen := map[float64]int{}
	for r, s := range stations {
		if !s.cuda {
			return fmt.Sprintf("rank %d computes on the CPU", r)
		}
		if !s.nccl {
			return fmt.Sprintf("rank %d has no libplip_cuda.so, which make setup CUDA=1 builds", r)
		}
		if other, ok := seen[s.uuid]; ok {
			return fmt.Sprintf("ranks %d and %d compute on the same device", other, r)
		}
		seen[s.uuid] = r
	}
	return ""
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
