// An HTTP server and client without libc. "echo-go serve :PORT" or "echo-go ask HOST:PORT".
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

func serve(address string) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, nil))
	os.Exit(1)
}

func check(name string, err error) {
	if err == nil {
		fmt.Println("ok -", name)
	} else {
		fmt.Printf("not ok - %s\n# %v\n", name, err)
	}
}

func post(client *http.Client, address, text string) error {
	answer, err := client.Post("http://"+address+"/", "text/plain", strings.NewReader(text))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && string(body) != text {
		err = fmt.Errorf("%d bytes came back, not %d", len(body), len(text))
	}
	return err
}

func ask(address string) {
	host, _, _ := net.SplitHostPort(address)
	_, err := net.LookupHost(host)
	check("a name resolves", err)
	client := &http.Client{Timeout: 5 * time.Second}
	check("a request", post(client, address, "hello"))
	check("1 MB", post(client, address, strings.Repeat("0123456789abcdef", 65536)))
	var wait sync.WaitGroup
	errors := make(chan error, 50)
	for i := 0; i < 50; i++ {
		wait.Add(1)
		go func(i int) { defer wait.Done(); errors <- post(client, address, fmt.Sprint("request ", i)) }(i)
	}
	wait.Wait()
	close(errors)
	for one := range errors {
		if one != nil {
			err = one
		}
	}
	check("50 requests at once", err)
	if connection, err := net.DialTimeout("tcp", net.JoinHostPort(host, "1"), 5*time.Second); err == nil {
		connection.Close()
		check("a closed port is refused", fmt.Errorf("connected"))
	} else if strings.Contains(err.Error(), "refused") {
		check("a closed port is refused", nil)
	} else {
		check("a closed port is refused", err)
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve" {
		serve(os.Args[2])
	} else if len(os.Args) == 3 && os.Args[1] == "ask" {
		ask(os.Args[2])
	} else {
		fmt.Fprintln(os.Stderr, "usage: echo-go serve :PORT | ask HOST:PORT")
		os.Exit(2)
	}
}
