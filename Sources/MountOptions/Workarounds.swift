// SPDX-License-Identifier: Apache-2.0

/// What is done about servers that lack something (`workaround`).
public struct Workarounds: Equatable, Sendable {
    /// Whether a file that a rename replaces is moved aside, where the server can't replace it.
    public var movesAside = true
    /// Whether a file is truncated by writing it anew, where the server can't set sizes.
    public var rewritesToTruncate = false
    /// Whether open files are asked about by path.
    public var avoidsFstat = false
    /// Whether files are created without saying with which mode.
    public var createsWithoutMode = false

    /// The defaults.
    public init() {}

    /// Applies a list as in sshfs(1): names with colons between, `no` before a name for the contrary.
    mutating func apply(list: String) throws(OptionRule.Expected) {
        for name in list.split(separator: ":", omittingEmptySubsequences: false) {
            switch name {
            case "none":
                self = Workarounds()
                movesAside = false
            case "rename": movesAside = true
            case "norename": movesAside = false
            case "truncate": rewritesToTruncate = true
            case "notruncate": rewritesToTruncate = false
            case "fstat": avoidsFstat = true
            case "nofstat": avoidsFstat = false
            case "createmode": createsWithoutMode = true
            case "nocreatemode": createsWithoutMode = false
            // What they ask for is always done, or was for versions of ssh that are gone.
            case "all", "renamexdev", "norenamexdev", "buflimit", "nobuflimit", "nodelay",
                "nonodelay", "nodelaysrv", "nonodelaysrv":
                break
            default:
                throw OptionRule.Expected(
                    text: "a list of rename, truncate, fstat, createmode, renamexdev, buflimit")
            }
        }
    }
}
