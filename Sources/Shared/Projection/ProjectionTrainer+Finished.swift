package import Run

extension ProjectionTrainer {
    /// W after its last step, which takes no more of them: there are no moments to go on from.
    package init(finished w: FloatMatrix, steps: Int, adam: Adam) {
        self.init(w: w, adam: adam)
        step = steps
    }
}
