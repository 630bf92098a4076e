/// How long a fault lasts, or a customer thinks: nothing is expected to have happened by its end.
func lasting(_ time: Duration) async throws {
    // Its length is what is wanted, not what it waits for.
    try await Task.sleep(for: time)
}
