/// Executes claimed tasks. The port through which whoever calls the store hands over the work that came back.
package protocol ActionExecutor: Sendable {
    /// Sets aside up to `most` free places, so that a call to the store may claim as many tasks.
    /// Every reservation must be given to ``take(_:reserved:)`` or ``cancelReservation(_:)``.
    func reserve(atMost most: Int) -> Int

    func cancelReservation(_ places: Int)

    /// Starts the work of a handout, frees the reserved places it did not need, and heeds its hints
    /// (backlog, next due time).
    func take(_ work: Handout<Void>, reserved: Int)
}
