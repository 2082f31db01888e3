// Package report measures a scheme by the four principles of division: complete (完整性), convenient (便利性), balanced (均衡性)
// and differentiated (差异性). It computes from polygons and numbers that it is handed and knows no city.
package report
