// SPDX-License-Identifier: Apache-2.0

/// What ends a session: the client broke the order of the protocol.
public enum SessionFailure: Error, Equatable, Sendable {
    /// A request, of this type, came before INIT.
    case requestBeforeInitialization(type: UInt8)
    /// INIT came twice.
    case repeatedInitialization
}

extension SessionFailure: CustomStringConvertible {
    /// One line for the log.
    public var description: String {
        switch self {
        case .requestBeforeInitialization(let type):
            "Received \(type) request before initialization"
        case .repeatedInitialization: "Received a second initialization"
        }
    }
}
