"""The tutorial's server, in Python 3: server.py [HOST [PORT]]. Port 0 takes a free one; the first line says which."""
import socket
import sys
import threading
import time


def tcplink(sock, addr):
    print('Accept new connection from %s:%s...' % addr[:2], flush=True)
    sock.send(b'Welcome!')
    while True:
        data = sock.recv(1024)
        time.sleep(PAUSE)
        if not data or data.decode('utf-8') == 'exit':
            break
        sock.send(('Hello, %s!' % data.decode('utf-8')).encode('utf-8'))
    sock.close()
    print('Connection from %s:%s closed.' % addr[:2], flush=True)


HOST = sys.argv[1] if len(sys.argv) > 1 else '127.0.0.1'
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 9999
PAUSE = float(sys.argv[3]) if len(sys.argv) > 3 else 1
s = socket.socket(socket.AF_INET6 if ':' in HOST else socket.AF_INET, socket.SOCK_STREAM)
s.bind((HOST, PORT))
s.listen(5)
print('Waiting for connection on port %d...' % s.getsockname()[1], flush=True)
while True:
    sock, addr = s.accept()
    t = threading.Thread(target=tcplink, args=(sock, addr), daemon=True)
    t.start()
