/// Tells the first failure of a row from the following ones, so that a Redis that is away for an hour is two log
/// lines and not thousands.
struct FailureEpisode {
    private var isFailing = false

    /// Whether this failure begins an episode.
    mutating func begins() -> Bool {
        defer { isFailing = true }
        return !isFailing
    }

    /// Whether this success ends one.
    mutating func ends() -> Bool {
        defer { isFailing = false }
        return isFailing
    }
}
