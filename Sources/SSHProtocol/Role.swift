// SPDX-License-Identifier: Apache-2.0

/// The two sides of a connection.
package enum Role: String, CaseIterable, Sendable {
    case client
    case server

    /// The other side.
    package var peer: Role {
        switch self {
        case .client: .server
        case .server: .client
        }
    }
}
