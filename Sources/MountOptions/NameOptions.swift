// SPDX-License-Identifier: Apache-2.0

/// How the server's names become ours: what libfuse's modules `subdir` and `iconv` do for sshfs.
public struct NameOptions: Equatable, Sendable {
    /// A directory below the remote one that is mounted in its place (`subdir`).
    public var subdirectory: String?
    /// Whether names are in another code on the server (`modules=iconv`).
    public var areConverted = false
    /// The code of names on the server (`from_code`).
    public var serverCode = "UTF-8"
    /// The code of names in the mount (`to_code`); nil for that of the environment's locale.
    public var shownCode: String?

    /// Whether `modules` has asked for a subdirectory.
    var needsSubdirectory = false

    /// The defaults.
    public init() {}

    /// Applies the names of modules, with colons between.
    mutating func apply(modules: String) throws(OptionRule.Expected) {
        for name in modules.split(separator: ":", omittingEmptySubsequences: false) {
            switch name {
            case "subdir": needsSubdirectory = true
            case "iconv": areConverted = true
            default: throw OptionRule.Expected(text: "a list of subdir and iconv")
            }
        }
    }
}
