// Package mattest writes MAT files of level 5 for tests: any variables, and
// miniatures of the annotation files of attribute datasets. What the format is,
// package mat says.
package mattest
