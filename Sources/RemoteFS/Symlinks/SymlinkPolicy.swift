// SPDX-License-Identifier: Apache-2.0

/// What is done with symbolic links of the server.
public struct SymlinkPolicy: Hashable, Sendable {
    /// Whether no link may lead out of the mounted directory, where it would name a file of this
    /// machine.
    public var areContained = true
    /// Whether absolute targets below the mounted directory become relative ones, if links may lead
    /// anywhere; contained ones become that anyway.
    public var areTransformed = false
    /// Whether links are shown as what they lead to on the server.
    public var areFollowed = false

    /// The defaults.
    public init() {}
}
