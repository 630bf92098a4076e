import KefuCore

// What the answers of both batches have in common.
extension JSONWriter {
    /// `{"results": […]}`, one entry an item.
    mutating func results<Item>(_ items: [Item], entry: (inout JSONWriter, Item) -> Void) {
        beginObject()
        key("results")
        beginArray()
        for item in items { entry(&self, item) }
        endArray()
        endObject()
    }

    /// One entry of a batch.
    mutating func entry(_ code: Int, _ message: String, members: (inout JSONWriter) -> Void) {
        beginObject()
        key("code")
        int(code)
        key("message")
        string(message)
        members(&self)
        endObject()
    }
}
