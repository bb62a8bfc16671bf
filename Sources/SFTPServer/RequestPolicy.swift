// SPDX-License-Identifier: Apache-2.0

import SFTPProtocol

/// Which requests a server carries out at all: OpenSSH's options `-R`, `-P` and `-p`; and with
/// which modes.
public struct RequestPolicy: Sendable {
    /// Whether everything that changes something is refused.
    public var isReadOnly: Bool
    /// The names of requests that are refused.
    public var denied: Set<String>
    /// The names of the only requests that are not refused; `nil` for all.
    public var allowed: Set<String>?
    /// The modes of new files and directories.
    public var modes = ForcedModes()

    /// A policy; by default everything is allowed.
    public init(isReadOnly: Bool = false, denied: Set<String> = [], allowed: Set<String>? = nil) {
        self.isReadOnly = isReadOnly
        self.denied = denied
        self.allowed = allowed
    }

    /// The names in a list that a person has written, separated by commas.
    public static func names(_ list: String) -> [String] {
        list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// Whether a list may have this name: that of a request, or of the extension that ends older sessions.
    public static func isName(_ name: String) -> Bool {
        SFTPOperation(rawValue: name) != nil || name == SessionExtension.name
    }

    /// Why an operation is refused whatever its arguments, in OpenSSH's words; `nil` if it isn't.
    public func refusal(of operation: SFTPOperation) -> String? {
        let name = operation.rawValue
        if isReadOnly && operation.writes { return "Refusing \(name) request in read-only mode" }
        if denied.contains(name) { return "Refusing denylisted \(name) request" }
        if let allowed, !allowed.contains(name) {
            return "Refusing non-allowlisted \(name) request"
        }
        return nil
    }

    /// Whether a client may have its older sessions ended (``SessionExtension``).
    ///
    /// To a read-only one it would be of no use.
    var allowsEndingOlder: Bool {
        !isReadOnly && !denied.contains(SessionExtension.name)
            && allowed?.contains(SessionExtension.name) ?? true
    }

    /// Why a request is refused; `nil` if it isn't.
    func refusal(of request: SFTPRequest, operation: SFTPOperation) -> String? {
        if let refusal = refusal(of: operation) { return refusal }
        guard isReadOnly, case .open(_, let flags, _) = request,
            !flags.isDisjoint(with: [.write, .create, .truncate])
        else { return nil }
        return "Refusing open request in read-only mode"
    }
}
