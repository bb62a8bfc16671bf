// SPDX-License-Identifier: Apache-2.0

/// What is done with symbolic links of the server.
public struct SymlinkOptions: Equatable, Sendable {
    /// Whether no link may lead out of the mounted directory (`contain_symlinks`).
    public var areContained = true
    /// Whether absolute targets below the mounted directory become relative ones
    /// (`transform_symlinks`).
    public var areTransformed = false
    /// Whether links are shown as what they lead to on the server (`follow_symlinks`).
    public var areFollowed = false

    /// The defaults.
    public init() {}
}
