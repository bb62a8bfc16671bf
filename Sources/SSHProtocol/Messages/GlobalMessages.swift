// SPDX-License-Identifier: Apache-2.0

package import Wire

/// SSH_MSG_GLOBAL_REQUEST (RFC 4254 section 4).
package struct GlobalRequest: SSHMessage {
    package static let number = MessageNumber.globalRequest
    package var name: String
    package var wantReply: Bool
    /// The fields that the request's name adds.
    package var data: Bytes

    package init(name: String, wantReply: Bool, data: Bytes = []) {
        self.name = name
        self.wantReply = wantReply
        self.data = data
    }

    package init(from reader: inout WireReader) throws(WireError) {
        name = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        wantReply = try reader.readBool()
        data = reader.readRemaining()
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(name)
        writer.write(wantReply)
        writer.writeBytes(data)
    }
}

/// SSH_MSG_REQUEST_SUCCESS (RFC 4254 section 4).
package struct RequestSuccess: SSHMessage {
    package static let number = MessageNumber.requestSuccess
    package var data: Bytes

    package init(data: Bytes = []) { self.data = data }

    package init(from reader: inout WireReader) throws(WireError) {
        data = reader.readRemaining()
    }

    package func write(to writer: inout WireWriter) { writer.writeBytes(data) }
}

/// SSH_MSG_REQUEST_FAILURE (RFC 4254 section 4).
package struct RequestFailure: EmptySSHMessage {
    package static let number = MessageNumber.requestFailure
    package init() {}
}

/// The names of the global requests that we know.
package enum GlobalRequestName {
    /// Asks for nothing but a reply; every unknown request would do (OpenSSH's PROTOCOL).
    package static let keepalive = "keepalive@openssh.com"
    /// The server's list of host keys (OpenSSH's PROTOCOL).
    package static let hostKeys = "hostkeys-00@openssh.com"
    package static let proveHostKeys = "hostkeys-prove-00@openssh.com"
}
