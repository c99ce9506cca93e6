package import Run

/// Draws for a test, the same at every run.
package typealias SeededGenerator = SplitMix64
