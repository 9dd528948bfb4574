// Pion: WebRTC in Go, in the version that Debian packages for programs to be built with.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v3"
	"github.com/pion/webrtc/v3/pkg/media"
	"github.com/pion/webrtc/v3/pkg/media/ivfreader"
)

type section struct {
	Mid  string `json:"mid"`
	Kind string `json:"kind"`
}

type offer struct {
	SDP      string    `json:"sdp"`
	Revision int       `json:"revision"`
	Fresh    bool      `json:"fresh"`
	Publish  []section `json:"publish"`
}

type client struct {
	connection *webrtc.PeerConnection
	published  map[string]bool
	over       chan struct{}
	mutex      sync.Mutex
	received   map[uint32]int
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func address(path string) string {
	return fmt.Sprintf("%s/%s/%s", os.Args[1], path, os.Args[2])
}

func post(path string, body interface{}) {
	text, err := json.Marshal(body)
	check(err)
	response, err := http.Post(address(path), "application/json", bytes.NewReader(text))
	if err == nil {
		response.Body.Close()
	}
}

// clip reads the frames of an IVF file.
func clip(kind string) [][]byte {
	file, err := os.Open(fmt.Sprintf("%s/%s.ivf", os.Args[3], kind))
	check(err)
	defer file.Close()
	reader, _, err := ivfreader.NewWith(file)
	check(err)
	var frames [][]byte
	for {
		frame, _, err := reader.ParseNextFrame()
		if err == io.EOF {
			return frames
		}
		check(err)
		frames = append(frames, frame)
	}
}

// play writes a clip to a track for ever, from its start whenever a keyframe is needed.
func play(track *webrtc.TrackLocalStaticSample, kind string, rewind chan struct{}, over chan struct{}) {
	every := 20 * time.Millisecond
	if kind != "audio" {
		every = time.Second / 15
	}
	frames := clip(kind)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for next := 0; ; next = (next + 1) % len(frames) {
		select {
		case <-over:
			return
		case <-rewind:
			next = 0
		case <-ticker.C:
		}
		_ = track.WriteSample(media.Sample{Data: frames[next], Duration: every})
	}
}

func (c *client) open() {
	if c.connection != nil {
		close(c.over)
		check(c.connection.Close())
	}
	received := map[uint32]int{}
	c.mutex.Lock()
	c.received = received
	c.mutex.Unlock()
	c.published = map[string]bool{}
	c.over = make(chan struct{})
	connection, err := webrtc.NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	check(err)
	connection.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		for {
			packet, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			c.mutex.Lock()
			received[packet.SSRC]++
			c.mutex.Unlock()
		}
	})
	c.connection = connection
}

// publish sends a clip by the transceiver of the section.
func (c *client) publish(one section) {
	if c.published[one.Mid] {
		return
	}
	c.published[one.Mid] = true
	mime := webrtc.MimeTypeVP8
	if one.Kind == "audio" {
		mime = webrtc.MimeTypeOpus
	}
	track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: mime}, one.Kind, "pion")
	check(err)
	sender, err := c.connection.AddTrack(track)
	check(err)
	rewind := make(chan struct{}, 1)
	go play(track, one.Kind, rewind, c.over)
	go func() {
		for {
			packets, _, err := sender.ReadRTCP()
			if err != nil {
				return
			}
			for _, packet := range packets {
				if _, wanted := packet.(*rtcp.PictureLossIndication); wanted {
					select {
					case rewind <- struct{}{}:
					default:
					}
				}
			}
		}
	}()
}

func (c *client) answer(one offer) string {
	if one.Fresh {
		c.open()
	}
	check(c.connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: one.SDP}))
	for _, section := range one.Publish {
		c.publish(section)
	}
	answer, err := c.connection.CreateAnswer(nil)
	check(err)
	gathered := webrtc.GatheringCompletePromise(c.connection)
	check(c.connection.SetLocalDescription(answer))
	<-gathered
	return c.connection.LocalDescription().SDP
}

func (c *client) tell() {
	for range time.Tick(time.Second) {
		c.mutex.Lock()
		counts := map[uint32]int{}
		for ssrc, packets := range c.received {
			counts[ssrc] = packets
		}
		c.mutex.Unlock()
		post("counts", map[string]interface{}{"received": counts})
	}
}

func main() {
	c := &client{}
	go c.tell()
	for {
		response, err := http.Get(address("offer"))
		if err != nil || response.StatusCode >= 300 {
			return
		}
		if response.StatusCode == http.StatusOK {
			var one offer
			check(json.NewDecoder(response.Body).Decode(&one))
			post("answer", map[string]interface{}{"revision": one.Revision, "sdp": c.answer(one)})
		}
		response.Body.Close()
	}
}
