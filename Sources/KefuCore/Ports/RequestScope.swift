/// The request that the present work is done for, so that log lines can name it.
package enum RequestScope {
    /// `X-Request-Id` of the request's answer; nil outside of any.
    @TaskLocal package static var id: String?
}
