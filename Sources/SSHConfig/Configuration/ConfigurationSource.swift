// SPDX-License-Identifier: Apache-2.0

/// A configuration file to read.
struct ConfigurationSource {
    /// Where it lies.
    var path: String
    /// Whose file it is.
    var kind: Kind
    /// Whether only the user and root may have written it.
    var requiresTrustedOwner: Bool
    /// Whether it is as good as empty when it is not there.
    var mayBeMissing: Bool

    /// Whose file it is: that decides where relative paths in it start, and whether `~` means
    /// anything.
    enum Kind {
        case user
        case system
    }
}
