//go:build !race

package pixels

const raceEnabled = false
