package dist

import "testing"

func TestInTheWayOfNCCL(t *testing.T) {
	gpu := func(uuid float64) station { return station{true, true, uuid} }
	for _, c := range []struct {
		name     string
		stations []station
		sockets  bool
		want     string
	}{
		{"a device each", []station{gpu(1), gpu(2), gpu(3)}, false, ""},
		{"asked for", []station{gpu(1), gpu(2)}, true, "PLIP_RANKS=sockets"},
		{"the CPU", []station{gpu(1), {}}, false, "rank 1 computes on the CPU"},
		{"no object", []station{{cuda: true}, gpu(2)}, false, "rank 0 has no libplip_cuda.so, which make setup CUDA=1 builds"},
		{"one device for two", []station{gpu(1), gpu(2), gpu(1)}, false, "ranks 0 and 2 compute on the same device"},
	} {
		if got := inTheWay(c.stations, c.sockets); got != c.want {
			t.Errorf("%s: want %q, got %q", c.name, c.want, got)
		}
	}
}
