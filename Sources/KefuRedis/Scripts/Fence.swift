// The write before each `WAIT`: see ReplicaConfirmation.
extension ReplicaConfirmation {
    /// For the store's calls.
    ///
    /// - Parameter replicas: nil is returned for 0.
    package init?(replicas: Int, scripts: ScriptLibrary = .production, keys: Keys = Keys()) {
        guard replicas > 0 else { return nil }
        self.init(
            replicas: replicas,
            fence: ScriptCall(scripts.fence, keys: [keys.fence], arguments: [.string(keys.prefix)]))
    }
}
